import type { Reply } from './client.ts'
import type { AskedFor } from './upstream-faults.ts'

type Members = Readonly<Record<string, unknown>>

/** What no answer may show: an address, a key, a name that was looked up, the page of some proxy. */
const secrets = /127\.0\.0\.1|localhost|\.invalid|upstream-key-of|<html|\bat .*\.ts:/

/** The error of a reply: of its body, or of the last event of its stream. */
export function errorOf({ headers, text }: Reply): Members | undefined {
  const last = isStream(headers) ? (eventsOf(text).at(-1) ?? '') : text
  const value = parsed(last)
  return value?.['error'] as Members | undefined
}

/** Whatever is wrong with a reply, whoever answered: an empty list for an honest one. */
export function flawsOf(reply: Reply, asked: AskedFor): string[] {
  const flaws = secrets.test(reply.text) ? [`shows ${secrets.exec(reply.text)?.[0]}`] : []
  const error = errorOf(reply)
  if (error !== undefined) flaws.push(...envelopeFlaws(error))
  if (isStream(reply.headers)) flaws.push(...streamFlaws(reply, error !== undefined))
  else if (reply.status === 200) flaws.push(...wholeFlaws(reply))
  if (!isStream(reply.headers) && !/^application\/json\b/.test(String(reply.headers['content-type'])))
    flaws.push(`content-type ${reply.headers['content-type']}`)
  if (error === undefined && asked.streamed !== isStream(reply.headers)) flaws.push('not what was asked for')
  if (error === undefined && /provider gone|half/.test(reply.text))
    flaws.push('has a part of a failed answer')
  return flaws
}

function envelopeFlaws({ message, type, param, code, details, ...others }: Members): string[] {
  const named = typeof message === 'string' && message !== '' && typeof type === 'string' && param === null
  const known = typeof code === 'string' && (details === undefined || typeof details === 'object')
  return named && known && Object.keys(others).length === 0 ? [] : ['its error has not the usual shape']
}

function streamFlaws({ status, text }: Reply, failed: boolean): string[] {
  const events = eventsOf(text)
  const done = events.filter((event) => event === '[DONE]').length
  const flaws = status === 200 ? [] : [`a stream with status ${status}`]
  if (!text.endsWith('\n\n')) flaws.push('ends inside an event')
  if (!failed) return done === 1 && events.at(-1) === '[DONE]' ? flaws : [...flaws, `${done} times [DONE]`]
  if (done > 0) flaws.push('[DONE] after a failure')
  if (/"finish_reason":"/.test(text)) flaws.push('an invented finish')
  if (/"usage":\{/.test(text)) flaws.push('invented usage')
  if (!text.includes('half')) flaws.push('lost what the upstream had said')
  return flaws
}

function wholeFlaws({ headers, text }: Reply): string[] {
  const info = parsed(text)?.['_proxy_info'] as Members | undefined
  const same =
    info?.['provider'] === headers['x-llmproxy-provider'] &&
    String(info?.['attempt_number']) === headers['x-llmproxy-attempts']
  return same ? [] : [`_proxy_info ${JSON.stringify(info)}`]
}

function isStream(headers: Reply['headers']): boolean {
  return String(headers['content-type']).startsWith('text/event-stream')
}

/** The data of each event. Comments are none. */
function eventsOf(text: string): string[] {
  return text
    .split('\n\n')
    .flatMap((event) => (event.startsWith('data: ') ? [event.slice('data: '.length)] : []))
}

function parsed(text: string): Members | undefined {
  try {
    return JSON.parse(text) as Members
  } catch {
    return undefined
  }
}
