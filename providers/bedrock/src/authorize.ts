import { bearer, type HeaderMap, type Provider, ProviderFault } from '@llmproxy/provider-kit'
import type { Options } from './options.ts'
import { signedHeaders } from './sigv4.ts'

const nothing = new Uint8Array()

/** A bearer token, or a signature over the request with the access key. */
export function authorizer(options: Options): Provider['authorize'] {
  const { api_key: token, access_key_id: accessKeyId, secret_access_key: secretAccessKey, region } = options
  if (token !== undefined) return bearer(token)
  return ({ method, url, headers, body = nothing }, io): HeaderMap => {
    if (accessKeyId === undefined || secretAccessKey === undefined || region === undefined)
      throw new ProviderFault({ kind: 'authentication', message: 'the access key is not complete' })
    const key = {
      accessKeyId,
      secretAccessKey,
      sessionToken: options.session_token,
      region,
      service: 'bedrock',
    }
    const type = headers['content-type']
    const own = type === undefined ? {} : { 'content-type': type }
    return signedHeaders({ method, url, headers: own, body }, key, io.now())
  }
}
