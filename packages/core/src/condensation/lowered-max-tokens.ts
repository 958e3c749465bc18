import { type OperationName, type TokenNumbers, tokenNumbers } from '@llmproxy/provider-kit'
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

/** By how much an estimate may be too low. */
const estimateMargin = 1.25

/** The members that limit the answer, by operation; the first stands above the others, and is set where the client sent none. */
const limits: Readonly<Partial<Record<OperationName, readonly string[]>>> = {
  chat: ['max_completion_tokens', 'max_tokens'],
  completions: ['max_tokens'],
}

/**
 * The request with an answer that fits beside its prompt, when the text of the fault says that the prompt alone does; `undefined` when
 * it does not say so, or when too little of the answer would be left. `estimate`: tokens of the prompt, asked for only where the text
 * names those of the answer but not those of the prompt.
 */
export function loweredMaxTokens(
  ingress: Ingress,
  fault: AttemptFault,
  estimate?: () => number,
): LoweredMaxTokens | undefined {
  const names = limits[ingress.operation]
  if (names === undefined || fault.kind !== 'context_length') return undefined
  const said = tokenNumbers(fault.message)
  if (said?.limit === undefined) return undefined
  const sent = names.filter((name) => typeof ingress.body[name] === 'number')
  const asked = sent.length === 0 ? said.output : (ingress.body[sent[0]!] as number)
  // A provider may ask for less than the client (a cap of the model) or for more (tokens to think with).
  const counted = said.output ?? asked
  if (asked === undefined || counted === undefined) return undefined
  const tooMuch = excess(said, { limit: said.limit, counted, estimate })
  const to = Math.min(asked, counted) - tooMuch
  if (!(tooMuch > 0) || (to < fewestTokens && to < asked / 2)) return undefined
  return { ingress: withLimit(ingress, sent.length === 0 ? [names[0]!] : sent, to), from: asked, to }
}

interface Counted {
  readonly limit: number
  /** Tokens of the answer that the upstream has counted. */
  readonly counted: number
  readonly estimate: (() => number) | undefined
}

/** Tokens above the limit; `NaN`: unknown. */
function excess({ input, output }: TokenNumbers, { limit, counted, estimate }: Counted): number {
  if (input !== undefined) return input + counted - limit
  // Without the answer in the text, it is the prompt that is too long.
  if (output === undefined || estimate === undefined) return NaN
  return Math.ceil(estimate() * estimateMargin) + counted - limit
}

function withLimit(ingress: Ingress, names: readonly string[], to: number): Ingress {
  const patch: Record<string, number> = {}
  for (const name of names) {
    const sent = ingress.body[name]
    if (typeof sent !== 'number' || sent > to) patch[name] = to
  }
  return { ...ingress, bytes: patchJson(ingress.bytes, patch), body: { ...ingress.body, ...patch } }
}
