import { expect, test } from 'vitest'
import {
  type Answer,
  chat,
  completion,
  fakeUpstream,
  healthy,
  openStream,
  paths,
  provider,
  send,
  startProxy,
} from '../reliability/support.ts'

async function gateway(answer: Answer = healthy()) {
  const upstream = await fakeUpstream(answer)
  const proxy = await startProxy({ providers: [provider('a', upstream.url, { max_retries: 0 })] })
  return { ...proxy, upstream }
}

const head = '{"model":"m","messages":[{"role":"user","content":"Hi"}],"x":'
const many = 1_500_000

test.each<[string, string, string]>([
  ['brackets', `${head}${'['.repeat(many)}${']'.repeat(many)}}`, 'json_too_deep'],
  ['brackets without end', '['.repeat(many), 'json_too_deep'],
  ['braces without end', '{"a":'.repeat(many), 'json_too_deep'],
  ['empty objects', `${head}[${'{},'.repeat(many)}{}]}`, 'json_too_large'],
  ['members', `${head}{${'"a":1,'.repeat(many)}"b":1}}`, 'json_too_large'],
  ['numbers', `${head}[${'1.5,'.repeat(5_000_000)}1]}`, 'json_too_large'],
  ['texts', `${head}[${'"",'.repeat(5_000_000)}""]}`, 'json_too_large'],
])('megabytes of %s are refused before they become objects', async (_, body, code) => {
  const { url, upstream } = await gateway()
  const { status, text } = await send(url, paths.chat, {
    headers: { 'content-type': 'application/json' },
    body,
  })
  expect(status).toBe(400)
  expect(JSON.parse(text)).toMatchObject({ error: { code } })
  expect(upstream.requests).toHaveLength(0)
})

test('megabytes of brackets in a text, or of token ids, are nobody’s business', async () => {
  const { url } = await gateway()
  const content = '[{"\\'.repeat(500_000)
  expect((await chat(url, { messages: [{ role: 'user', content }] })).status).toBe(200)
  const input = Array.from({ length: 1_000_000 }, (_entry, index) => index % 7)
  const embeddings = await send(url, paths.embeddings, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', input }),
  })
  expect(embeddings.status).toBe(200)
})

const deep = `${'['.repeat(many)}${']'.repeat(many)}`

test('an answer that is all brackets is a bad gateway', async () => {
  const { url } = await gateway((_, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ ...completion(), x: 0 }).replace('"x":0', `"x":${deep}`))
  })
  expect((await chat(url)).status).toBe(502)
})

test('and so is such an event of a stream', async () => {
  const { url } = await gateway((_, response) => {
    openStream(response).end(`data: {"choices":${deep}}\n\n`)
  })
  expect((await chat(url, { stream: true })).status).toBe(502)
})
