import { createHash, createHmac } from 'node:crypto'
import type { SimulatedRequest } from '@llmproxy/provider-kit/testing'

/** The access key that the simulated vendor knows. */
export const accessKey = {
  id: 'AKIDEXAMPLE',
  secret: 'test-secret',
  token: 'test-session',
  region: 'us-east-1',
}

const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
const form =
  /^AWS4-HMAC-SHA256 Credential=(\w+)\/(\d{8})\/([\w-]+)\/bedrock\/aws4_request, SignedHeaders=([\w;-]+), Signature=(\w{64})$/

/** What is wrong with the signature of a request, written apart from the provider's own code. */
export function signatureProblem(request: SimulatedRequest, wirePath: string): string | undefined {
  const { headers, method, bytes } = request
  const [, id, day = '', region = '', list = '', signature] = form.exec(headers['authorization'] ?? '') ?? []
  if (signature === undefined) return 'The authorization header is malformed.'
  if (id !== accessKey.id || region !== accessKey.region)
    return 'The security token included in the request is invalid.'
  const names = list.split(';')
  const missing = ['host', 'x-amz-date', 'x-amz-security-token'].find((name) => !names.includes(name))
  if (missing !== undefined) return `${missing} is not signed`
  if (headers['x-amz-security-token'] !== accessKey.token) return 'The security token is invalid.'
  if (headers['x-amz-content-sha256'] !== sha256(bytes)) return 'The digest of the body does not match.'
  const date = headers['x-amz-date'] ?? ''
  if (!date.startsWith(day)) return 'The date does not match the scope.'
  const path = wirePath.split('/').map(encodeURIComponent).join('/')
  const lines = names.map((name) => `${name}:${headers[name] ?? ''}\n`).join('')
  const canonical = `${method}\n${path}\n\n${lines}\n${list}\n${sha256(bytes)}`
  const scope = `${day}/${region}/bedrock/aws4_request`
  const key = hmac(hmac(hmac(hmac(`AWS4${accessKey.secret}`, day), region), 'bedrock'), 'aws4_request')
  const expected = hmac(key, `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(canonical)}`).toString('hex')
  return expected === signature
    ? undefined
    : 'The request signature we calculated does not match the signature you provided.'
}
