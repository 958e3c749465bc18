import {
  type Call,
  type HeaderMap,
  type Operation,
  type OperationName,
  type PreparedRequest,
  ProviderFault,
  type UpstreamRequest,
} from '@llmproxy/provider-kit'
import type { Ingress } from '../ingress/ingress.ts'
import { multipart } from './multipart.ts'
import { appendMember, patchJson } from './splice.ts'

export interface PrepareInput {
  readonly operation: OperationName
  readonly baseUrl: string
  readonly codec: Operation
  readonly call: Call
  readonly ingress: Ingress
  /** Headers of every request to this provider, lower case. */
  readonly headers: HeaderMap
  /** Usage is to be asked for in a stream. */
  readonly askUsage: boolean
}

/** `.` or `..` between slashes: encoding keeps them, and servers resolve them to another path. */
const dotSegment = /\/\.{1,2}(?:[/?#]|$)/

function notAnId(model: string): ProviderFault {
  const message = `model: ${JSON.stringify(model)} is not a model id`
  return new ProviderFault({ kind: 'invalid_request', message, param: 'model' })
}

function notAJob(): ProviderFault {
  return new ProviderFault({ kind: 'bad_response', message: 'the upstream’s job has an id that is none' })
}

const includeUsage = { include_usage: true }

/** Builds the request of one attempt, all but its credentials. The client's own bytes are kept wherever that is possible. */
export function prepare(input: PrepareInput): PreparedRequest {
  const upstream = input.codec.request(input.call)
  checkPath(upstream)
  if (dotSegment.test(upstream.path)) throw notAnId(input.call.model)
  const method = upstream.method ?? 'POST'
  const headers =
    upstream.headers === undefined ? input.headers : { ...input.headers, ...lowerCase(upstream.headers) }
  const url = input.baseUrl + upstream.path
  const { operation } = input
  if (method === 'GET') return { operation, method, url, headers }
  if (upstream.form === undefined)
    return { operation, method, url, headers, body: bodyBytes(upstream, input) }
  const { contentType, bytes } = multipart(upstream.form)
  return { operation, method, url, headers: { ...headers, 'content-type': contentType }, body: bytes }
}

/** The request of a probe or a follow-up: without a client's body to fall back on. */
export function prepareAlone(
  upstream: UpstreamRequest,
  {
    operation,
    baseUrl,
    headers,
  }: Pick<PreparedRequest, 'operation' | 'headers'> & { readonly baseUrl: string },
): PreparedRequest {
  if (dotSegment.test(upstream.path)) throw notAJob()
  checkPath(upstream)
  const method = upstream.method ?? 'GET'
  return {
    operation,
    method,
    url: baseUrl + upstream.path,
    headers: { ...headers, ...lowerCase(upstream.headers ?? {}) },
    ...(method === 'POST' && { body: Buffer.from(JSON.stringify(upstream.body ?? {})) }),
  }
}

/** Plain JavaScript plugins have no compiler to tell them: a promise, or a path that would melt into the host name. */
function checkPath(upstream: Partial<UpstreamRequest> | undefined): void {
  if (typeof upstream?.path !== 'string' || !upstream.path.startsWith('/'))
    throw new TypeError('request() must give back a path that starts with "/", and no promise')
}

function bodyBytes(upstream: UpstreamRequest, { call, ingress, askUsage }: PrepareInput): Buffer {
  const wantsUsage = askUsage && ingress.body.stream_options?.include_usage !== true
  if (upstream.body !== undefined) {
    const body = wantsUsage ? { ...upstream.body, stream_options: streamOptions(ingress) } : upstream.body
    return Buffer.from(JSON.stringify(body))
  }
  const renamed = call.model !== ingress.body.model
  if (upstream.patch === undefined && !renamed) {
    if (!wantsUsage) return ingress.bytes
    // The common streamed request: one insertion at the end, nothing to search for.
    if (!('stream_options' in ingress.body))
      return appendMember(ingress.bytes, 'stream_options', includeUsage)
  }
  return patchJson(ingress.bytes, {
    ...(renamed ? { model: call.model } : {}),
    // The provider has the last word: some vendors want another name in the body than in the path.
    ...upstream.patch,
    ...(wantsUsage ? { stream_options: streamOptions(ingress) } : {}),
  })
}

function streamOptions({ body }: Ingress): object {
  return { ...body.stream_options, ...includeUsage }
}

function lowerCase(headers: HeaderMap): HeaderMap {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
