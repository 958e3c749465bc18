import { expect, test } from 'vitest'
import {
  completion,
  errorBody,
  fakeUpstream,
  provider,
  send,
  sendJson,
  startProxy,
} from '../reliability/support.ts'

const patient = { max_retries: 0, circuit_breaker_threshold: 1000 }

async function openai() {
  const bodies: string[] = []
  const upstream = await fakeUpstream(({ path, body }, response) => {
    bodies.push(body.toString())
    if (path.endsWith('/videos')) sendJson(response, 400, errorBody('enough'))
    else sendJson(response, 200, completion())
  })
  const { operations: _operations, ...entry } = provider('a', upstream.url, { ...patient, type: 'openai' })
  const proxy = await startProxy({ providers: [entry] })
  const post = async (path: string, body: object, headers: Record<string, string> = {}) =>
    await send(proxy.url, path, { headers: { 'content-type': 'application/json', ...headers }, body })
  return { bodies, post }
}

test('a prompt that holds the boundary of a form, made from an id of the client’s, adds no fields to it', async () => {
  const { bodies, post } = await openai()
  const head = 'Content-Disposition: form-data; name="model"'
  const prompt = ['a', `--llmproxy-mine\r\n${head}\r\n`, 'dearer', '--llmproxy-mine--', ''].join('\r\n')
  await post('/v1/videos/generations', { model: 'm', prompt }, { 'x-request-id': 'mine' })
  const [first = ''] = bodies
  const boundary = /^--(\S+)\r\n/.exec(first)?.[1] ?? ''
  const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` }
  const form = await new Response(first, { headers }).formData()
  expect(form.getAll('model')).toEqual(['m'])
  expect(form.get('prompt')).toBe(prompt)
})

test('a large member is not sent with each of many prompts', async () => {
  const { bodies, post } = await openai()
  const prompt = Array.from({ length: 256 }, (_, index) => `${index}`)
  const small = await post('/v1/completions', { model: 'm', prompt, user: 'x'.repeat(1000) })
  expect(small.status).toBe(200)
  expect(bodies).toHaveLength(256)
  const before = process.memoryUsage().rss
  const large = await post('/v1/completions', { model: 'm', prompt, user: 'x'.repeat(1024 * 1024) })
  expect([large.status, JSON.parse(large.text)]).toEqual([
    400,
    { error: expect.objectContaining({ type: 'invalid_request_error', code: 'too_many_parts' }) },
  ])
  expect(bodies).toHaveLength(256)
  expect(process.memoryUsage().rss - before).toBeLessThan(128 * 1024 * 1024)
})
