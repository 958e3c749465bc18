import type { Ingress } from '../ingress/ingress.ts'
import type { TokenUsage } from '../metrics/outcome.ts'
import { faultPolicy } from '../resilience/fault-table.ts'
import { type Said } from './continuation-transcript.ts'
import { splitText } from './continuation-seam.ts'
import type { Begun } from './continued-rules.ts'
import { appendElement, patchJson } from './splice.ts'
import type { AttemptFault } from './transfer.ts'

/** The request for the rest of an answer. */
export interface Continuation {
  /** The client's request with the beginning of the answer as its last message. */
  readonly ingress: Ingress
  readonly begun: Begun
  /** Only a provider that continues a last message of the assistant may be asked. */
  readonly needsSupport: boolean
}

/** Whether the answer to a request is one stream of text, as far as that can be known before it comes. */
export function mayContinue({ operation, body }: Pick<Ingress, 'operation' | 'body'>): boolean {
  if (operation !== 'chat' || body.stream !== true) return false
  const { n, logprobs, response_format: format, audio, modalities, messages } = body
  if ((n ?? 1) !== 1 || (logprobs ?? false) !== false) return false
  if ((audio ?? null) !== null || (Array.isArray(modalities) && modalities.includes('audio'))) return false
  if ((format ?? null) !== null && (format as { type?: unknown }).type !== 'text') return false
  if (forcesCall(body['tool_choice']) || forcesCall(body['function_call'])) return false
  const last = Array.isArray(messages) ? (messages.at(-1) as { role?: unknown } | null) : null
  // Whether its vendor took the last message for the beginning of the answer is not known.
  return last?.role !== 'assistant'
}

function forcesCall(choice: unknown): boolean {
  return (choice ?? 'auto') !== 'auto' && choice !== 'none'
}

/** Faults for which the next provider would have been asked before the commit; a time limit of the whole answer ends it. */
export function isContinuable({ kind, phase }: AttemptFault): boolean {
  return faultPolicy[kind].fallback && phase !== 'total' && phase !== 'stream'
}

/** The rest of an answer of which `said` is the beginning. `usage`: of all attempts so far. */
export function continuationOf(
  ingress: Ingress,
  said: Said,
  usage: TokenUsage | null,
): Continuation | undefined {
  const { prefill, tail } = splitText(said.text)
  const begun = { identity: said.identity, tail, usage }
  if (prefill !== '') {
    const used = usage?.output ?? said.pieces
    return { ingress: withPrefill(ingress, prefill, used), begun, needsSupport: true }
  }
  // Nothing was said yet, so that any provider can say it; but what was thought would be thought again.
  return said.reasoned ? undefined : { ingress, begun, needsSupport: false }
}

const limits = ['max_tokens', 'max_completion_tokens'] as const

/** `used`: tokens that the client's limit has less to give. */
function withPrefill(ingress: Ingress, content: string, used: number): Ingress {
  const message = { role: 'assistant', content }
  const patch: Record<string, number> = {}
  for (const name of limits) {
    const limit = ingress.body[name]
    if (typeof limit === 'number') patch[name] = Math.max(1, limit - used)
  }
  const messages = [...(ingress.body['messages'] as readonly unknown[]), message]
  return {
    ...ingress,
    bytes: patchJson(appendElement(ingress.bytes, 'messages', message), patch),
    body: { ...ingress.body, messages, ...patch },
  }
}
