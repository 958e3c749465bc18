import { badRequest, errorScript, type MockError, retryHeaders, statusError, type Wire } from './errors.ts'
import type { Behaviour } from './model-name.ts'
import { type Script, whole } from './script.ts'
import { tokens } from './turn.ts'

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

/** The fault that replaces the answer, if the behaviour has one. `characters` is the size of the prompt. */
export function faultScript(behaviour: Behaviour, wire: Wire, characters: number): Script | undefined {
  if (behaviour.refused) return [{ kind: 'refuse' }]
  if (behaviour.hang) return [{ kind: 'hang' }]
  if (behaviour.html) return htmlPage(behaviour.html[0] ?? 502, retryHeaders(behaviour))
  if (behaviour.empty) return whole(200, 'application/json', '')
  const error = vendorError(behaviour, wire, characters)
  return error && errorScript({ ...error, headers: retryHeaders(behaviour) }, wire)
}

function vendorError(behaviour: Behaviour, wire: Wire, characters: number): MockError | undefined {
  if (behaviour.quota) return quotaError(wire)
  if (behaviour['content-filter']) {
    return badRequest('The prompt was stopped by the content filter.', 'prompt', 'content_filter')
  }
  const limit = behaviour.window?.[0]
  const size = tokens(characters)
  if (behaviour['context-length']) return contextError(wire, Math.max(size, 8193), 8192)
  if (limit !== undefined && size > limit) return contextError(wire, size, limit)
  const inBand = behaviour['first-error'] ?? behaviour['error-after']
  return behaviour.error && !inBand ? statusError(behaviour.error[0] ?? 500) : undefined
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

function contextError(wire: Wire, found: number, limit: number): MockError {
  if (wire === 'anthropic') return badRequest(`prompt is too long: ${found} tokens > ${limit} maximum`, null)
  return badRequest(
    `This model's maximum context length is ${limit} tokens. However, your messages resulted in ${found} tokens.`,
    'messages',
    'context_length_exceeded',
  )
}

function htmlPage(status: number, headers: Readonly<Record<string, string>>): Script {
  const page = `<html>\r\n<head><title>${status}</title></head>\r\n<body><center><h1>${status}</h1></center></body>\r\n</html>\r\n`
  return whole(status, 'text/html', page, headers)
}
