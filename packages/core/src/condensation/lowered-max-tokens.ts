import { type OperationName, tokenNumbers } from '@llmproxy/provider-kit'
import { patchJson } from '../exchange/splice.ts'
import type { AttemptFault } from '../exchange/transfer.ts'
import type { Ingress } from '../ingress/ingress.ts'

/** A request that asks for a shorter answer than the client did. */
export interface LoweredMaxTokens {
  readonly ingress: Ingress
  /** Tokens of the answer: what was asked for, and what there is room for. */
  readonly from: number
  readonly to: number
}

/** Below this many tokens, and below half of what was asked for, an answer would most likely be cut off. */
const fewestTokens = 64

/** The members that limit the answer, by operation. Where the client sent none of them, the first is set. */
const limits: Readonly<Partial<Record<OperationName, readonly string[]>>> = {
  chat: ['max_completion_tokens', 'max_tokens'],
  completions: ['max_tokens'],
}

/**
 * The request with an answer that fits beside its prompt, when the text of the fault says that the prompt alone does; `undefined` when
 * it does not say so, or when too little of the answer would be left.
 */
export function loweredMaxTokens(ingress: Ingress, fault: AttemptFault): LoweredMaxTokens | undefined {
  const names = limits[ingress.operation]
  if (names === undefined || fault.kind !== 'context_length') return undefined
  const { limit, input, output } = tokenNumbers(fault.message) ?? {}
  if (limit === undefined || input === undefined) return undefined
  const sent = names.flatMap((name) => {
    const tokens = ingress.body[name]
    return typeof tokens === 'number' ? [{ name, tokens }] : []
  })
  const asked = sent[0]?.tokens ?? output
  if (asked === undefined) return undefined
  // A provider may ask for less than the client (a cap of the model) or for more (tokens to think with).
  const counted = output ?? asked
  const to = Math.min(asked, counted) - (input + counted - limit)
  if (to >= asked || to < 1 || (to < fewestTokens && to < asked / 2)) return undefined
  const members = sent.length === 0 ? [names[0]!] : sent.map(({ name }) => name)
  const patch = Object.fromEntries(members.map((name) => [name, to]))
  const bytes = patchJson(ingress.bytes, patch)
  return { ingress: { ...ingress, bytes, body: { ...ingress.body, ...patch } }, from: asked, to }
}
