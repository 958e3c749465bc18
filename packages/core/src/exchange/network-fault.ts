import { neverAskedCode } from './guarded-lookup.ts'
import { carriedFault } from './plugin-fault.ts'
import type { AttemptFault } from './transfer.ts'

const codesOfSilentPeers = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

/** Where an exchange stood when its transport failed. */
export interface TransportPosition {
  /** The request had been handed to a connected socket. */
  readonly sent: boolean
  /** That socket had served an earlier request. */
  readonly reused: boolean
  /** Any byte of the answer's head had arrived. */
  readonly answered: boolean
}

/** Classifies an error of the transport. Addresses and ports of the upstream stay out of the message. */
export function networkFault(error: unknown, position: TransportPosition): AttemptFault {
  const carried = carriedFault(error)
  if (carried !== undefined) return carried
  const code = codeOf(error)
  if (code === 'UND_ERR_CONNECT_TIMEOUT') {
    return {
      kind: 'timeout',
      phase: 'connect',
      nothingSent: true,
      message: 'the upstream did not accept a connection in time',
    }
  }
  if (code === neverAskedCode) {
    return {
      kind: 'network',
      nothingSent: true,
      refusesRetry: true,
      code: null,
      message:
        'the upstream’s name resolves to an address that is never asked (link-local, unspecified or a metadata service)',
    }
  }
  if (code === 'UND_ERR_INVALID_ARG') return notHttp(error)
  if (isParserError(code)) {
    return { kind: 'bad_response', message: `the upstream's answer is not valid HTTP${shown(code)}` }
  }
  if (position.answered) {
    return {
      kind: 'bad_response',
      message: `the upstream closed the connection inside its answer${shown(code)}`,
    }
  }
  if (!position.sent) {
    return {
      kind: 'network',
      nothingSent: true,
      code: null,
      message: `the upstream cannot be reached${shown(code)}`,
    }
  }
  const silent = codesOfSilentPeers.has(code)
  return {
    kind: 'network',
    message: `the upstream closed the connection without an answer${shown(code)}`,
    ...(position.reused && silent ? { reusedSocketDied: true } : {}),
  }
}

/** A header or a path that HTTP does not allow: what the provider made of the request, or a configured header. */
function notHttp(error: unknown): AttemptFault {
  return {
    kind: 'bad_response',
    message: 'the request of the provider is not valid HTTP and was not sent',
    thrown: error,
  }
}

/** Codes of the system and of TLS say what to look for; those of a library say what the sentence says already. */
function shown(code: string): string {
  return code.startsWith('UND_ERR_') ? '' : ` (${code})`
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown error'
  const { code, cause } = error as { code?: unknown; cause?: unknown }
  if (typeof code === 'string') return code
  if (cause !== undefined && cause !== error) return codeOf(cause)
  return error instanceof Error ? error.name : 'unknown error'
}

function isParserError(code: string): boolean {
  return (
    code.startsWith('HPE_') ||
    // Some errors of undici's parser have a name and no code.
    code === 'HTTPParserError' ||
    code === 'UND_ERR_HEADERS_OVERFLOW' ||
    code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'
  )
}
