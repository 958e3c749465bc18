import { badRequest, errorScript, type MockError, retryHeaders, statusError, type Wire } from './errors.ts'
import type { Behaviour } from './model-name.ts'
import type { PromptSize } from './prompt-size.ts'
import { type Script, whole } from './script.ts'
import { tokens } from './turn.ts'
import { type Overflow, windowError } from './window-errors.ts'

const faultNames = [
  'error',
  'quota',
  'content-filter',
  'context-length',
  'html',
  'refused',
  'hang',
  'cut-body',
  'malformed',
  'empty',
  'first-error',
  'error-after',
  'cut-after',
  'hang-after',
] as const

/** What `flaky` makes of a behaviour: all its faults (or a 500) for the first requests, none of them afterwards. */
export function withFlakiness(behaviour: Behaviour, earlierRequests: () => number): Behaviour {
  const failures = behaviour.flaky?.[0]
  if (failures === undefined) return behaviour
  if (earlierRequests() < failures) {
    return faultNames.some((name) => behaviour[name]) ? behaviour : { ...behaviour, error: [500] }
  }
  const healthy: Record<string, unknown> = { ...behaviour }
  for (const name of faultNames) delete healthy[name]
  return healthy
}

/** What a fault depends on besides the model name. */
export interface Prompt {
  readonly wire: Wire
  readonly characters: number
  /** As a strict window counts it. */
  readonly size: PromptSize
  /** A prompt of legacy completions or the like, no messages. */
  readonly isText: boolean
}

/** The fault that replaces the answer, if the behaviour has one. */
export function faultScript(behaviour: Behaviour, prompt: Prompt): Script | undefined {
  if (behaviour.refused) return [{ kind: 'refuse' }]
  if (behaviour.hang) return [{ kind: 'hang' }]
  if (behaviour.html) return htmlPage(behaviour.html[0] ?? 502, retryHeaders(behaviour))
  if (behaviour.empty) return whole(200, 'application/json', '')
  const error = vendorError(behaviour, prompt)
  return error && errorScript({ ...error, headers: retryHeaders(behaviour) }, prompt.wire)
}

function vendorError(behaviour: Behaviour, prompt: Prompt): MockError | undefined {
  if (behaviour.quota) return quotaError(prompt.wire)
  if (behaviour['content-filter']) {
    return badRequest('The prompt was stopped by the content filter.', 'prompt', 'content_filter')
  }
  const overflow = overflowOf(behaviour, prompt)
  if (overflow) return windowError(overflow)
  const inBand = behaviour['first-error'] ?? behaviour['error-after']
  return behaviour.error && !inBand ? statusError(behaviour.error[0] ?? 500) : undefined
}

function overflowOf(behaviour: Behaviour, { characters, size, wire, isText }: Prompt): Overflow | undefined {
  const found = (messages: number, limit: number): Overflow => ({
    size: { messages, functions: 0, answer: 0 },
    limit,
    wire,
    prompt: false,
    wordless: behaviour['no-numbers'] !== undefined,
  })
  const simple = tokens(characters)
  if (behaviour['context-length']) return found(Math.max(simple, 8193), 8192)
  const [limit = Infinity] = behaviour.window ?? []
  if (simple > limit) return found(simple, limit)
  const [strict = Infinity] = behaviour['strict-window'] ?? []
  if (size.messages + size.functions + size.answer <= strict) return undefined
  return { ...found(0, strict), size, prompt: isText }
}

function quotaError(wire: Wire): MockError {
  const message = 'The mock account has no credit left: quota exceeded.'
  return {
    status: wire === 'anthropic' ? 402 : 429,
    message,
    type: 'insufficient_quota',
    code: 'insufficient_quota',
  }
}

function htmlPage(status: number, headers: Readonly<Record<string, string>>): Script {
  const page = `<html>\r\n<head><title>${status}</title></head>\r\n<body><center><h1>${status}</h1></center></body>\r\n</html>\r\n`
  return whole(status, 'text/html', page, headers)
}
