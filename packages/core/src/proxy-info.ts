import { appendMember, patchJson } from './exchange/splice.ts'
import type { Condensed } from './metrics/condensation.ts'

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

export interface ProxyFacts {
  readonly provider: string
  readonly attempts: number
  /** Since the request came. */
  readonly elapsedMs: number
  readonly requestId: string
  readonly condensed: Condensed | undefined
}

/** `_proxy_info` of an answer. */
export function proxyInfo({ provider, attempts, elapsedMs, requestId, condensed }: ProxyFacts): object {
  return {
    provider,
    attempt_number: attempts,
    response_time: Math.round(elapsedMs) / 1000,
    request_id: requestId,
    ...(condensed && { condensed: condensedInfo(condensed) }),
  }
}

/** `_proxy_info.condensed`: what was done to a request that did not fit, and what that took. */
export function condensedInfo({ kind, from, to, source, reason, leftOut, spent }: Condensed): object {
  return {
    kind,
    from: Math.round(from),
    to: Math.round(to),
    ...(source === undefined ? {} : { source }),
    ...(reason === undefined ? {} : { reason }),
    ...(leftOut === undefined || Object.keys(leftOut).length === 0 ? {} : { left_out: leftOut }),
    ...(spent === undefined
      ? {}
      : {
          summary_calls: spent.calls,
          summary_tokens: { input: spent.inputTokens, output: spent.outputTokens },
        }),
  }
}
