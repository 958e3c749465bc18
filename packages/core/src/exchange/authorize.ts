import type {
  AuthorizeIo,
  FetchInit,
  FetchResult,
  HeaderMap,
  PreparedRequest,
  Provider,
} from '@llmproxy/provider-kit'
import { request as undiciRequest } from 'undici'
import type { Clock } from '../clock.ts'
import { carriedFault } from './plugin-fault.ts'
import type { AttemptFault } from './transfer.ts'

/** Adds the provider's credential headers. Synchronous unless the provider has to fetch a token. */
export function authorized(
  provider: Provider,
  request: PreparedRequest,
  io: AuthorizeIo,
): PreparedRequest | Promise<PreparedRequest> {
  const headers = provider.authorize(request, io)
  return headers instanceof Promise
    ? headers.then((late) => withHeaders(request, late))
    : withHeaders(request, headers)
}

/** What `authorize()` threw: its own fault, else it has no credentials that would do. */
export function unauthorized(error: unknown): AttemptFault {
  return (
    carriedFault(error) ?? {
      kind: 'authentication',
      message: 'the provider could not authorize the request',
      thrown: error,
    }
  )
}

function withHeaders(request: PreparedRequest, headers: HeaderMap): PreparedRequest {
  return { ...request, headers: { ...request.headers, ...headers } }
}

/** What `authorize()` may use. The abort signal is only made when it is read: most providers never do. */
export class AttemptIo implements AuthorizeIo {
  readonly #clock: Clock
  #controller: AbortController | undefined
  #aborted = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#aborted) this.#controller.abort()
    return this.#controller.signal
  }

  abort(): void {
    this.#aborted = true
    this.#controller?.abort()
  }

  now(): number {
    return this.#clock.epoch()
  }

  get fetch(): AuthorizeIo['fetch'] {
    return (url, init) => fetchText(url, init ?? {}, this.signal)
  }
}

async function fetchText(url: string, init: FetchInit, signal: AbortSignal): Promise<FetchResult> {
  const { statusCode, headers, body } = await undiciRequest(url, {
    method: init.method ?? 'GET',
    ...(init.headers === undefined ? {} : { headers: init.headers }),
    ...(init.body === undefined ? {} : { body: init.body }),
    signal,
  })
  return { status: statusCode, headers: headers as HeaderMap, text: await body.text() }
}
