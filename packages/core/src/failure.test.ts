import type { OperationName } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { dialectOf } from './dialect.ts'
import { GatewayError } from './errors.ts'
import type { AttemptFault } from './exchange/transfer.ts'
import { failureOf } from './failure.ts'
import type { RequestRun } from './request-run.ts'

const scrub = (text: string) => text.replaceAll('key-of-mine', '[redacted]')

interface Case {
  readonly fault?: AttemptFault | undefined
  readonly kind?: 'failed' | 'broken'
  readonly cancelled?: AttemptFault
  readonly operation?: OperationName
  readonly attempts?: number
}

function failed({ fault, kind = 'failed', cancelled, operation = 'chat', attempts = 1 }: Case) {
  const record = { provider: 'p', type: 't', model: 'm', durationMs: 1, firstByteMs: null }
  const run = {
    attempts: fault === undefined ? [] : Array.from({ length: attempts }, () => ({ ...record, fault })),
    skipped: [],
    cancelled,
    ingress: { operation },
  } as unknown as RequestRun
  return failureOf(run, { kind, fault: fault ?? cancelled, repairedFrames: 0 } as never, 2_500, true, scrub)
}

test.each<[string, Case, string, number]>([
  ['nobody could be asked', {}, 'rejected', 503],
  ['the client left', { cancelled: { kind: 'cancelled', message: 'left' } }, 'client_gone', 499],
  ['our limit passed', { fault: { kind: 'timeout', phase: 'idle', message: 'x' } }, 'proxy_timeout', 504],
  [
    'the vendor’s limit passed',
    { fault: { kind: 'timeout', status: 504, message: 'x' } },
    'upstream_error',
    504,
  ],
  ['the vendor failed', { fault: { kind: 'upstream', status: 500, message: 'x' } }, 'upstream_error', 502],
  ['the stream was cut', { kind: 'broken', fault: { kind: 'network', message: 'x' } }, 'upstream_cut', 502],
  [
    'the stream said an error',
    { kind: 'broken', fault: { kind: 'upstream', inBand: true, message: 'x' } },
    'upstream_error',
    502,
  ],
  [
    'the stream was too slow',
    { kind: 'broken', fault: { kind: 'timeout', phase: 'idle', message: 'x' } },
    'proxy_timeout',
    504,
  ],
])('%s', (_name, input, ending, status) => {
  const failure = failed(input)
  expect([failure.ending, failure.error.status]).toEqual([ending, status])
})

test('a configured secret in a vendor’s message is not shown, whatever becomes of the fault', () => {
  const fault = { kind: 'invalid_request', message: 'bad key-of-mine' } as const
  for (const kind of ['failed', 'broken'] as const)
    expect(failed({ fault, kind }).error.message).toBe('bad [redacted]')
})

test('a stream that broke off is the failure of the provider that broke it off, whoever was asked to go on', () => {
  const record = { type: 't', model: 'm', durationMs: 1, firstByteMs: null }
  const fault = { kind: 'network', message: 'the connection is gone' } as const
  const attempts = [
    { ...record, provider: 'first', fault },
    { ...record, provider: 'second', fault: { ...fault } },
  ]
  const run = { attempts, skipped: [], ingress: { operation: 'chat' } } as unknown as RequestRun
  const { error } = failureOf(run, { kind: 'broken', fault, repairedFrames: 0 }, 0, true, scrub)
  expect(error.message).toBe('Provider "first": the connection is gone')
})

const own = { message: 'no', type: 'invalid_request_error', param: null, code: null }

test.each<[string, object, OperationName, Partial<AttemptFault>, boolean]>([
  ['the envelope of the dialect', { error: { ...own, more: 1 } }, 'chat', {}, true],
  ['an envelope whose type is a number', { error: { ...own, type: 400 } }, 'chat', {}, false],
  ['no envelope', { message: 'no' }, 'chat', {}, false],
  ['another code than we found', { error: { ...own, code: 'x' } }, 'chat', {}, false],
  ['a failure of ours', { error: own }, 'chat', { kind: 'authentication' }, false],
  [
    'the Messages error',
    { type: 'error', error: { type: 'invalid_request_error', message: 'no' } },
    'messages',
    {},
    true,
  ],
  ['another dialect’s error', { error: own }, 'messages', {}, false],
])('the upstream’s own body is kept for %s: only where it fits', (_name, body, operation, members, kept) => {
  const envelope = JSON.stringify(body)
  const fault = { kind: 'invalid_request', message: 'no', status: 400, envelope, ...members } as const
  expect(failed({ fault, operation }).body).toBe(kept ? envelope : undefined)
})

test('each dialect tells errors in its own shape, and only OpenAI’s keepalive is a comment', () => {
  const error = new GatewayError(503, 'service_unavailable_error', 'later', { code: 'providers_unavailable' })
  const openai = dialectOf('chat')
  expect(JSON.parse(openai.errorBody(error, 'id'))).toMatchObject({
    error: { message: 'later', code: 'providers_unavailable' },
  })
  expect(openai.errorEvent(error, 'id')).toMatch(/^data: \{"error":.*\}\n\n$/)
  expect(String(openai.keepalive)).toBe(': keepalive\n\n')
  const messages = dialectOf('messages')
  expect(JSON.parse(messages.errorBody(error, 'id'))).toEqual({
    type: 'error',
    error: { type: 'overloaded_error', message: 'later' },
    request_id: 'id',
  })
  expect(messages.errorEvent(error, 'id')).toMatch(/^event: error\ndata: .*\n\n$/)
  expect(String(messages.keepalive)).toMatch(/^event: ping\ndata: .*\n\n$/)
  expect(dialectOf(undefined)).toBe(openai)
})

test.each([
  [400, 'invalid_request_error'],
  [401, 'authentication_error'],
  [404, 'not_found_error'],
  [418, 'invalid_request_error'],
  [429, 'rate_limit_error'],
  [500, 'api_error'],
  [502, 'api_error'],
  [504, 'timeout_error'],
])('a %i is %s to clients of the Messages dialect', (status, type) => {
  const body = dialectOf('messages').errorBody(new GatewayError(status, 'x', 'm'), 'id')
  expect(JSON.parse(body)).toMatchObject({ error: { type } })
})

test('an envelope that leaves its type empty gets ours, and keeps everything else', () => {
  const envelope = JSON.stringify({ error: { ...own, type: null, more: { a: 1 } } })
  const fault = { kind: 'invalid_request', message: 'no', status: 400, envelope } as const
  expect(JSON.parse(failed({ fault, operation: 'chat' }).body ?? '')).toEqual({
    error: { ...own, more: { a: 1 } },
  })
})
