import { expect } from 'vitest'
import { delta, role, say } from '../../support/chat-frames.ts'
import { readStrictly } from '../../support/strict-reader.ts'
import { openStream } from './answers.ts'
import { openaiModel, type Script } from './continuing-upstream.ts'
import { type Answer, fakeUpstream, type FakeUpstream, until } from './fake-upstream.ts'
import { type Fields, pair, provider, type Proxy, startProxy } from './proxy.ts'

export const pieces = ['Once', ' upon', ' a', ' time', '.']
export const text = pieces.join('')
/** A model that is cut behind two pieces of its answer. */
export const cut = (more: Partial<Script> = {}) => openaiModel(() => ({ pieces, cutAfter: 3, ...more }))
/** One that gives the answer, or the rest of it. */
export const whole = openaiModel(() => ({ pieces }))

/** A gateway before two upstreams. */
export interface Case extends Proxy {
  readonly first: FakeUpstream
  readonly second: FakeUpstream
  /** The log's line of the nth request. */
  line(n: number): Promise<Fields>
}

export interface Setting {
  readonly config?: object
  /** Of both providers. */
  readonly entry?: object
}

/** Two upstreams behind a gateway that continues streams, by providers that can. */
export async function between(first: Answer, second: Answer, { config, entry }: Setting = {}): Promise<Case> {
  const one = await fakeUpstream(first)
  const other = await fakeUpstream(second)
  const more = { supports: { continuation: true }, ...entry }
  const proxy = await startProxy({
    stream_continuation: true,
    circuit_breaker_threshold: 1000,
    providers: pair(provider('one', one.url, more), provider('other', other.url, more)),
    ...config,
  })
  const line = (n: number) => until(() => proxy.requests[n])
  return Object.assign(proxy, { first: one, second: other, line })
}

export const streamed = { stream: true }

/** The stream ends with one error, has said the given text, and pretends nothing. */
export function expectBroken(stream: string, said: string): Readonly<Record<string, unknown>> {
  const { chunks, error } = readStrictly(stream)
  const texts = chunks.map((chunk) => (chunk as { choices: { delta: { content?: string } }[] }).choices[0])
  expect(texts.map((choice) => choice?.delta.content ?? '').join('')).toBe(said)
  expect(stream.match(/"error"/g)).toHaveLength(1)
  return error!
}

/** The frames of two pieces. */
export const begun = role + say('Once') + say(' upon')
/** The beginning of a tool call. */
export const call = delta({
  tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '{"a' } }],
})
/** Sends the frames and resets the connection. */
export const frames =
  (...sent: readonly string[]): Answer =>
  (_, response) =>
    void openStream(response).write(sent.join(''), () => response.socket?.destroy())
