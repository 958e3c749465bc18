import type { ServerResponse } from 'node:http'
import { beginning, healthy, openStream } from './answers.ts'
import { answered, brokenOff, type FailoverCase, refused, type Seen } from './failover-cases.ts'
import type { AskedFor, Ended, UpstreamFault } from './upstream-faults.ts'

const passed: Ended = { status: 504, code: 'request_timeout', ending: 'proxy_timeout' }

const slow = (name: string, play: UpstreamFault['play'] & object): UpstreamFault => ({
  name,
  play,
  calls: [1, 1],
  alone: passed,
})

/** A sound answer, a few bytes at a time. */
const inTime = slow('drips in time', (response, _asked, request) => {
  const dripping = {
    writeHead(status: number, headers: Record<string, string>) {
      response.writeHead(status, headers)
      return dripping
    },
    end: (text: string) => drip(response, text, 1),
  }
  healthy('from the first')(request, dripping as unknown as ServerResponse)
})

/** Never an event, nor a whole body. */
const endless = slow('drips without an end', (response, { streamed }) => {
  if (streamed) openStream(response)
  else response.writeHead(200, { 'content-type': 'application/json' })
  drip(response, streamed ? `data: ${' '.repeat(10_000)}` : ' '.repeat(10_000), 15)
})

/** One event after the other. */
const longWinded = slow('speaks without an end', (response, { operation }) => {
  openStream(response)
  repeat(response, 15, () => response.write(beginning(operation)))
})

export const limitsOfSlowCases = { request_timeout: 0.5, stream_timeout: 0.6 }

/** An answer that is slow, but comes, is no failure. */
export function slowAnswer(asked: AskedFor): FailoverCase {
  return { name: inTime.name, asked, route: [inTime, 'well'], expected: answered('first', [1, 0]) }
}

/** The limit is that of the whole request, so nobody else is asked when it has passed. */
export function slowCases(asked: AskedFor): readonly FailoverCase[] {
  const hasty = { ...slow('never says a word', () => undefined), limits: { timeout: 0.1 } }
  const made = (label: string, route: FailoverCase['route'], expected: Seen): FailoverCase => ({
    name: `${asked.operation}, streamed: ${asked.streamed}, ${label}`,
    asked,
    route,
    expected,
  })
  const cases = [
    made('alone', [endless], refused([1], passed)),
    made('before one that is well', [endless, 'well'], refused([1, 0], passed)),
    made('behind one that is silent', [hasty, endless, 'well'], refused([1, 1, 0], passed)),
  ]
  if (!asked.streamed) return cases
  const ended = brokenOff([1, 0], { ...passed, code: 'stream_timeout' })
  return [...cases, made('a long stream', [longWinded, 'well'], ended)]
}

function drip(response: ServerResponse, text: string, everyMs: number): void {
  let at = 0
  const size = everyMs > 1 ? 1 : 8
  repeat(response, everyMs, () => {
    response.write(text.slice(at, (at += size)))
    if (at >= text.length) response.end()
  })
}

function repeat(response: ServerResponse, everyMs: number, work: () => void): void {
  const timer = setInterval(
    () => (response.destroyed || response.writableEnded ? clearInterval(timer) : work()),
    everyMs,
  )
  response.on('close', () => clearInterval(timer))
}
