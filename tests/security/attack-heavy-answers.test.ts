import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { chat, fakeUpstream, provider, send, startProxy } from '../reliability/support.ts'

const patient = { max_retries: 0, circuit_breaker_threshold: 1000 }

/** Parsed it takes a second, and half a gigabyte. */
const deep = `{"id":"a","data":${'['.repeat(6_000_000)}${']'.repeat(6_000_000)}}`

async function openai(answer: (response: ServerResponse) => void) {
  const upstream = await fakeUpstream((_, response) => {
    response.setHeader('content-type', 'application/json')
    answer(response)
  })
  const { operations: _operations, ...entry } = provider('a', upstream.url, { ...patient, type: 'openai' })
  return await startProxy({ providers: [{ ...entry, models: ['*'] }] })
}

/** The longest time that nothing else could run, in milliseconds. */
async function longestHold(during: () => Promise<void>): Promise<number> {
  let longest = 0
  let last = performance.now()
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }, 5)
  await during()
  await new Promise((resolve) => setTimeout(resolve, 20))
  clearInterval(timer)
  return longest
}

test('a job, a model list and a probe that are nested without end hold nobody up', async () => {
  const proxy = await openai((response) => response.end(deep))
  const held = await longestHold(async () => {
    const headers = { 'content-type': 'application/json' }
    const body = { model: 'm', prompt: 'a' }
    const { status, text } = await send(proxy.url, '/v1/videos/generations', { headers, body })
    expect(status).toBe(502)
    expect(text).toContain('nested too deep')
    expect((await proxy.gateway.models()).data).toEqual([])
    await proxy.gateway.probe()
  })
  expect(held).toBeLessThan(500)
})

test('an answer in pieces of one byte takes about the memory of its bytes', async () => {
  const pieces = '1\r\n \r\n'.repeat(10_000)
  const proxy = await openai((response) => {
    const { socket } = response
    response.flushHeaders()
    const write = (left: number) => {
      if (left === 0) socket!.end('0\r\n\r\n')
      else socket!.write(pieces, () => write(left - 1))
    }
    write(300)
  })
  let most = 0
  const before = process.memoryUsage().rss
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().rss - before)), 20)
  const { status } = await chat(proxy.url)
  clearInterval(timer)
  expect(status).toBe(502)
  expect(most).toBeLessThan(250 * 1024 * 1024)
})
