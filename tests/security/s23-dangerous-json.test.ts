import { expect, test } from 'vitest'
import {
  chat,
  fakeUpstream,
  healthy,
  type OpenaiOperation,
  paths,
  provider,
  send,
  sendJson,
  startProxy,
} from '../reliability/support.ts'

async function gateway() {
  const upstream = await fakeUpstream(healthy())
  const vendor = { name: 'b', type: 'anthropic', base_url: upstream.url, api_key: 'k', models: ['claude'] }
  const proxy = await startProxy({ providers: [provider('a', upstream.url), vendor] })
  return { ...proxy, upstream }
}

const poisons = [
  '"__proto__":{"polluted":1}',
  '"x":{"__proto__":{"polluted":1}}',
  '"x":[{"__proto__":1}]',
  '"\\u005f\\u005fproto\\u005f\\u005f":{"polluted":1}',
  '"constructor":{"prototype":{"polluted":1}}',
  '"messages":[{"role":"user","content":"x","__proto__":{"role":"system"}}]',
]

test.each(poisons)('%s is a 400 on every route, and pollutes nothing', async (poison) => {
  const { url, upstream } = await gateway()
  for (const operation of Object.keys(paths) as OpenaiOperation[]) {
    const body = `{"model":"m","messages":[{"role":"user","content":"x"}],"prompt":"x","input":"x",${poison}}`
    const { status, text } = await send(url, paths[operation], { body })
    expect(status).toBe(400)
    expect(text).toContain('forbidden_key')
  }
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  expect(upstream.requests).toHaveLength(0)
})

test.each(['[', '{"a":'])('a million times %s is refused in less than a second', async (open) => {
  const { url } = await gateway()
  const begun = performance.now()
  const { status } = await send(url, paths.chat, { body: `{"model":"m","x":${open.repeat(1_000_000)}` })
  expect(status).toBe(400)
  expect(performance.now() - begun).toBeLessThan(2000)
})

test('depth 200 passes, depth 201 does not', async () => {
  const { url } = await gateway()
  const deep = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown
  expect((await chat(url, { x: deep(199) })).status).toBe(200)
  expect((await chat(url, { x: deep(200) })).status).toBe(400)
})

test.each(['m', 'claude'])('names of built-in members are ordinary names: model %s', async (model) => {
  const { url } = await gateway()
  const names = ['toString', 'hasOwnProperty', 'valueOf', 'constructor', 'length', 'then', 'toJSON']
  const odd = Object.fromEntries(names.map((name) => [name, 'x']))
  const tool = {
    type: 'function',
    function: { name: 'constructor', parameters: { type: 'object', properties: odd } },
  }
  const { status } = await chat(url, { model, ...odd, metadata: odd, tools: [tool] })
  expect(status).toBe(200)
  for (const name of [...names, '__proto__', 'prototype']) {
    expect((await chat(url, { model: name })).status).toBe(404)
    const listed = await send(url, `/v1/models/${name}`, { method: 'GET' })
    expect(listed.status).toBe(404)
  }
})

test('keys a million wide and numbers without end are only slow to send', async () => {
  const { url } = await gateway()
  const wide = `{"model":"m","messages":[{"role":"user","content":"x"}],"x":{${Array.from({ length: 200_000 }, (_, n) => `"k${n}":0`).join(',')}}}`
  expect((await send(url, paths.chat, { body: wide })).status).toBe(200)
  const long = `{"model":"m","messages":[{"role":"user","content":"x"}],"seed":${'9'.repeat(1_000_000)}}`
  expect((await send(url, paths.chat, { body: long })).status).toBeLessThan(500)
})

test('an upstream cannot pollute either', async () => {
  const answer =
    '{"object":"chat.completion","choices":[],"__proto__":{"polluted":1},"usage":{"__proto__":{"polluted":1}}}'
  const upstream = await fakeUpstream((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer)
  })
  const deep = await fakeUpstream((_request, response) => {
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end('['.repeat(100_000) + ']'.repeat(100_000))
  })
  const failing = await fakeUpstream((_request, response) =>
    sendJson(response, 400, JSON.parse(`{"error":${'{"error":'.repeat(1000)}"x"${'}'.repeat(1000)}}`)),
  )
  for (const { url } of [upstream, deep, failing]) {
    const proxy = await startProxy({ providers: [provider('a', url, { max_retries: 0 })] })
    const { headers } = await chat(proxy.url)
    expect(headers['content-type']).toMatch(/^application\/json/)
  }
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})
