import { appendMember, patchJson } from './exchange/splice.ts'

const key = Buffer.from('"_proxy_info"')

/**
 * The JSON of an answer with `_proxy_info`. Another gateway behind this one has told of itself in the same place: the client
 * is to find one account, ours.
 */
export function withProxyInfo(bytes: Buffer, info: object): Buffer {
  return bytes.includes(key)
    ? patchJson(bytes, { _proxy_info: info })
    : appendMember(bytes, '_proxy_info', info)
}
