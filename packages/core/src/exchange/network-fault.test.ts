import { expect, test } from 'vitest'
import { networkFault } from './network-fault.ts'

const fresh = { sent: true, reused: false, answered: false }

const unset = { nothingSent: undefined, reusedSocketDied: undefined }

function coded(code: string): Error {
  return Object.assign(new Error('connect to 10.0.0.1:443'), { code })
}

test.each([
  [
    'connect timeout',
    coded('UND_ERR_CONNECT_TIMEOUT'),
    { ...fresh, sent: false },
    { kind: 'timeout', phase: 'connect', nothingSent: true },
  ],
  ['refused', coded('ECONNREFUSED'), { ...fresh, sent: false }, { kind: 'network', nothingSent: true }],
  ['reset on a fresh socket', coded('ECONNRESET'), fresh, { kind: 'network' }],
  [
    'reset on a kept socket',
    coded('ECONNRESET'),
    { ...fresh, reused: true },
    { kind: 'network', reusedSocketDied: true },
  ],
  [
    'closed on a kept socket',
    coded('UND_ERR_SOCKET'),
    { ...fresh, reused: true },
    { kind: 'network', reusedSocketDied: true },
  ],
  [
    'certificate',
    coded('CERT_HAS_EXPIRED'),
    { ...fresh, sent: false },
    { kind: 'network', nothingSent: true },
  ],
  [
    'cut inside the answer',
    coded('UND_ERR_SOCKET'),
    { sent: true, reused: true, answered: true },
    { kind: 'bad_response' },
  ],
  ['parser error', coded('HPE_INVALID_CONSTANT'), fresh, { kind: 'bad_response' }],
  [
    'parser error without a code',
    Object.assign(new Error('x'), { name: 'HTTPParserError' }),
    fresh,
    { kind: 'bad_response' },
  ],
  [
    'too short',
    coded('UND_ERR_RES_CONTENT_LENGTH_MISMATCH'),
    { ...fresh, answered: true },
    { kind: 'bad_response' },
  ],
  ['an invalid request', coded('UND_ERR_INVALID_ARG'), { ...fresh, sent: false }, { kind: 'bad_response' }],
  [
    'a wrapped error',
    new Error('fetch failed', { cause: coded('EPIPE') }),
    { ...fresh, reused: true },
    { kind: 'network', reusedSocketDied: true },
  ],
  ['no error at all', undefined, fresh, { kind: 'network' }],
])('%s', (_name, error, position, expected) => {
  const fault = networkFault(error, position)
  expect(fault).toMatchObject(expected)
  const { nothingSent, reusedSocketDied } = { ...unset, ...expected }
  expect([fault.nothingSent, fault.reusedSocketDied]).toEqual([nothingSent, reusedSocketDied])
  expect(fault.message).not.toMatch(/10\.0\.0\.1|UND_ERR/)
})

test('an error that is its own cause is no endless loop', () => {
  const error: { cause?: unknown } = {}
  error.cause = error
  expect(networkFault(error, fresh).message).toContain('unknown error')
})

test('codes of the system are told, those of a library are not', () => {
  const position = { sent: false, reused: false, answered: false }
  expect(networkFault(coded('ECONNREFUSED'), position).message).toBe(
    'the upstream cannot be reached (ECONNREFUSED)',
  )
  expect(networkFault(coded('UND_ERR_SOCKET'), fresh).message).toBe(
    'the upstream closed the connection without an answer',
  )
})
