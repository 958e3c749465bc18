import type { HeaderMap } from './contract.ts'
import { isObject } from './frame-rules-shape.ts'

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

/** Milliseconds of a duration such as `20ms`, `7.66s`, `6m0s` or `1h2m3s`; `undefined` for anything else. */
export function goDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined
  let total = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(amount) * (unitMs[unit ?? ''] ?? 0)
  }
  return total
}

/**
 * How long an upstream asks to wait, in milliseconds (0 or more), from the most to the least exact source: `retry-after-ms`,
 * `retry-after` (seconds, or an HTTP date), the text of the body, the reset headers of whatever has run out (durations, RFC 3339,
 * or seconds or milliseconds since the epoch). A date counts from the upstream's own `date` header, or else from `nowEpochMs`.
 */
export function retryHint(headers: HeaderMap, bodyText: string, nowEpochMs?: number): number | undefined {
  return (
    positive(headers['retry-after-ms'], 1) ??
    positive(headers['retry-after'], 1000) ??
    untilDate(headers, nowEpochMs) ??
    bodyHint(bodyText) ??
    resetHint(headers, nowEpochMs)
  )
}

/** The headers of an upstream's upstream, where a gateway quotes them in its error body. Lower-case names. */
export function headersInBody(body: unknown): HeaderMap {
  const error = isObject(body) ? body['error'] : undefined
  const metadata = isObject(error) ? error['metadata'] : undefined
  const headers = isObject(metadata) ? metadata['headers'] : undefined
  if (!isObject(headers)) return {}
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]): [string, string][] =>
      typeof value === 'string' || typeof value === 'number' ? [[name.toLowerCase(), String(value)]] : [],
    ),
  )
}

function positive(text: string | undefined, unit: number): number | undefined {
  return text !== undefined && /^\s*\d+(?:\.\d+)?\s*$/.test(text) ? Number(text) * unit : undefined
}

function untilDate(headers: HeaderMap, nowEpochMs: number | undefined): number | undefined {
  const text = headers['retry-after']
  // `Date.parse` also reads bare numbers and fragments as dates; a date of HTTP names its month.
  if (text === undefined || !/[a-z]{3}/i.test(text)) return undefined
  return untilMoment(Date.parse(text), headers, nowEpochMs)
}

function untilMoment(moment: number, headers: HeaderMap, nowEpochMs: number | undefined): number | undefined {
  const sent = Date.parse(headers.date ?? '')
  const wait = moment - (Number.isNaN(sent) ? (nowEpochMs ?? Number.NaN) : sent)
  return Number.isNaN(wait) ? undefined : Math.max(0, wait)
}

const words: Readonly<Record<string, number>> = { mil: 1, sec: 1000, min: 60_000, hou: 3_600_000 }

function bodyHint(text: string): number | undefined {
  const duration = /(?:try again|retry) in\s+((?:\d+(?:\.\d+)?(?:ms|s|m|h))+)\b/i.exec(text)?.[1]
  if (duration !== undefined) return goDuration(duration.toLowerCase())
  const spelled =
    /(?:try again|retry|wait)(?: (?:in|after|for))?\s+(\d+(?:\.\d+)?)\s*(milliseconds?|sec(?:ond)?s?|min(?:ute)?s?|hours?)\b/i.exec(
      text,
    )
  if (spelled !== null) return Number(spelled[1]) * (words[(spelled[2] ?? '').slice(0, 3).toLowerCase()] ?? 0)
  const delay = /"?retryDelay\\?"?\s*:\s*\\?"(\d+(?:\.\d+)?)s/.exec(text)?.[1]
  return delay === undefined ? undefined : Number(delay) * 1000
}

/** The reset of whatever has run out; the reset of what has not says nothing about when to come back. */
function resetHint(headers: HeaderMap, nowEpochMs: number | undefined): number | undefined {
  const waits = Object.entries(headers)
    .filter(([name]) => hasRunOut(name, headers))
    .map(([, reset]) => untilReset(reset.trim(), headers, nowEpochMs))
    .filter((wait) => wait !== undefined)
  return waits.length === 0 ? undefined : Math.max(...waits)
}

/** `x-ratelimit-reset`, `x-ratelimit-reset-tokens`, `some-ratelimit-tokens-reset`. */
const resetName = /^[a-z-]*ratelimit-(?:reset(?:-[a-z-]+)?|[a-z-]+-reset)$/

/** Whether it is the reset of something that has run out. Where there is one limit only, its reset alone says that it was met. */
function hasRunOut(name: string, headers: HeaderMap): boolean {
  if (!resetName.test(name)) return false
  const remaining = headers[name.replace(/reset(?!.*reset)/, 'remaining')]
  return remaining === undefined ? name === 'x-ratelimit-reset' : remaining.trim() === '0'
}

/** Ten digits are seconds since the epoch, thirteen are milliseconds; fewer may be either a wait or a count, so they say nothing. */
function untilReset(text: string, headers: HeaderMap, nowEpochMs: number | undefined): number | undefined {
  if (/^\d{13}(?:\.\d+)?$/.test(text)) return untilMoment(Number(text), headers, nowEpochMs)
  if (/^\d{10}(?:\.\d+)?$/.test(text)) return untilMoment(Number(text) * 1000, headers, nowEpochMs)
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text)) return untilMoment(Date.parse(text), headers, nowEpochMs)
  return goDuration(text)
}
