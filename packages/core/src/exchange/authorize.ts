import {
  type AuthorizeIo,
  type FetchInit,
  type FetchResult,
  type HeaderMap,
  type PreparedRequest,
  type Provider,
  ProviderFault,
} from '@llmproxy/provider-kit'
import { type Dispatcher, request as undiciRequest } from 'undici'
import type { Clock } from '../clock.ts'
import { Collector } from './collect.ts'
import { networkFault } from './network-fault.ts'
import { carriedFault } from './plugin-fault.ts'
import { singleValues } from './single-values.ts'
import type { AttemptFault } from './transfer.ts'

/** Adds the provider's credential headers. Synchronous unless the provider has to fetch a token. */
export function authorized(
  provider: Provider,
  request: PreparedRequest,
  io: AuthorizeIo,
): PreparedRequest | Promise<PreparedRequest> {
  const headers = provider.authorize(request, io)
  return isPromise(headers)
    ? Promise.resolve(headers).then((late) => withHeaders(request, late))
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

/** Promises of other libraries are no instances of ours, and a request without its credentials must not go out. */
function isPromise(headers: HeaderMap | PromiseLike<HeaderMap>): headers is PromiseLike<HeaderMap> {
  return typeof (headers as Partial<PromiseLike<HeaderMap>> | undefined)?.then === 'function'
}

function withHeaders(request: PreparedRequest, own: HeaderMap): PreparedRequest {
  const headers: Record<string, string> = { ...request.headers }
  for (const name in own) headers[name.toLowerCase()] = own[name]!
  return { ...request, headers }
}

/** Bytes: an answer with a token is small. */
const fetchLimit = 1024 * 1024

/** What `authorize()` may use. The abort signal is only made when it is read: most providers never do. */
export class AttemptIo implements AuthorizeIo {
  readonly #clock: Clock
  readonly #elsewhere: Dispatcher
  #controller: AbortController | undefined
  #aborted = false

  /** `elsewhere`: see `openElsewhere()`. */
  constructor(clock: Clock, elsewhere: Dispatcher) {
    this.#clock = clock
    this.#elsewhere = elsewhere
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
    return (url, init) => fetchText(url, init ?? {}, { signal: this.signal, dispatcher: this.#elsewhere })
  }
}

interface FetchBy {
  readonly signal: AbortSignal
  readonly dispatcher: Dispatcher
}

/** A token endpoint that is away says nothing about the credentials. */
async function fetchText(url: string, init: FetchInit, by: FetchBy): Promise<FetchResult> {
  let answered = false
  try {
    const answer = await undiciRequest(url, {
      method: init.method ?? 'GET',
      ...(init.headers === undefined ? {} : { headers: init.headers }),
      ...(init.body === undefined ? {} : { body: init.body }),
      ...by,
    })
    answered = true
    return await textOf(answer)
  } catch (error) {
    if (by.signal.aborted || error === tooLarge) throw error
    const fault = networkFault(error, { sent: true, reused: false, answered })
    const told: AttemptFault = {
      ...fault,
      nothingSent: true,
      message: `asking for credentials: ${fault.message}`,
    }
    throw new ProviderFault(told)
  }
}

async function textOf({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<FetchResult> {
  const collector = new Collector(fetchLimit)
  for await (const chunk of body) {
    if (!collector.add(chunk as Buffer)) throw tooLarge
  }
  return { status: statusCode, headers: singleValues(headers), text: collector.bytes().toString('utf8') }
}

const tooLarge = new Error(`the answer to a fetch of authorize() is larger than ${fetchLimit} bytes`)
