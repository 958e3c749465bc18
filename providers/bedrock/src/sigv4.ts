import { createHash, createHmac } from 'node:crypto'
import type { HeaderMap, Secret } from '@llmproxy/provider-kit'

/** An access key of AWS, and what a signature made with it is good for. */
export interface SigningKey {
  readonly accessKeyId: string
  readonly secretAccessKey: Secret
  /** Of a temporary key. */
  readonly sessionToken?: Secret | undefined
  readonly region: string
  readonly service: string
}

/** A request as it goes over the wire. */
export interface SignableRequest {
  readonly method: string
  /** Absolute; its path already encoded once. */
  readonly url: string
  /** The headers to be signed, lower-case names, `x-amz-date` among them. `host` is taken from the URL. */
  readonly headers: HeaderMap
  readonly body: Uint8Array
}

const algorithm = 'AWS4-HMAC-SHA256'

/** All headers that a request needs to be accepted: the time, the digest of the body, the session token, the signature. */
export function signedHeaders(request: SignableRequest, key: SigningKey, nowMs: number): HeaderMap {
  const added = {
    'x-amz-date': amzDate(nowMs),
    'x-amz-content-sha256': sha256(request.body),
    ...(key.sessionToken && { 'x-amz-security-token': key.sessionToken.reveal() }),
  }
  const headers = { ...request.headers, ...added }
  return { ...added, authorization: authorization({ ...request, headers }, key) }
}

/** The `authorization` header of Signature Version 4 over all the given headers. */
export function authorization(request: SignableRequest, key: SigningKey): string {
  const headers: HeaderMap = { ...request.headers, host: new URL(request.url).host }
  const names = Object.keys(headers).toSorted()
  const date = headers['x-amz-date'] ?? ''
  const scope = [date.slice(0, 8), key.region, key.service, 'aws4_request']
  const canonical = canonicalRequest(request, headers, names)
  const toSign = [algorithm, date, scope.join('/'), sha256(canonical)].join('\n')
  const signingKey = scope.reduce<string | Buffer>(
    (secret, part) => hmac(secret, part),
    `AWS4${key.secretAccessKey.reveal()}`,
  )
  const credential = `${key.accessKeyId}/${scope.join('/')}`
  const signature = hmac(signingKey, toSign).toString('hex')
  return `${algorithm} Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`
}

function canonicalRequest(request: SignableRequest, headers: HeaderMap, names: readonly string[]): string {
  const [path = '/', query = ''] = request.url.replace(/^https?:\/\/[^/?]*/i, '').split('?', 2)
  return [
    request.method,
    // Every service but S3 encodes once more what is already encoded in the URL.
    path === '' ? '/' : encoded(path).replaceAll('%2F', '/'),
    canonicalQuery(query),
    ...names.map((name) => `${name}:${headers[name]!.trim().replaceAll(/ +/g, ' ')}`),
    '',
    names.join(';'),
    sha256(request.body),
  ].join('\n')
}

function canonicalQuery(query: string): string {
  if (query === '') return ''
  const pairs = query.split('&').map((pair) => {
    const [name = '', ...value] = pair.split('=')
    return [encoded(decodeURIComponent(name)), encoded(decodeURIComponent(value.join('=')))] as const
  })
  // By code unit, not by locale; equal names by value.
  const sorted = pairs.toSorted(([a, x], [b, y]) => (a === b ? order(x, y) : order(a, b)))
  return sorted.map((pair) => pair.join('=')).join('&')
}

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

/** Percent-encodes everything but letters, digits, `-`, `.`, `_` and `~`. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** `20150830T123600Z` */
function amzDate(nowMs: number): string {
  return new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
