import OpenAI, { APIError } from 'openai'
import { expect, test } from 'vitest'
import { chat, done, finish, role, say } from '../support/chat-frames.ts'
import { cut, hang, type RawStep, startRawUpstream } from '../support/raw-upstream.ts'
import { compatible, start } from '../support/start.ts'
import { post } from '../support/stream-client.ts'
import { readStrictly } from '../support/strict-reader.ts'

const begun = [role, say('Once'), say(' upon')]

const endings: readonly { how: string; ending: string; steps: readonly RawStep[] }[] = [
  { how: 'resets the connection', ending: 'upstream_cut', steps: [...begun, cut] },
  { how: 'resets it inside a frame', ending: 'upstream_cut', steps: [...begun, 'data: {"id":"chatcm', cut] },
  { how: 'ends its body without a finish', ending: 'upstream_cut', steps: begun },
  { how: 'ends its body inside a frame', ending: 'upstream_cut', steps: [...begun, 'data: {"id":"cha'] },
  {
    how: 'sends a frame that is not JSON',
    ending: 'upstream_cut',
    steps: [...begun, 'data: {oops}\n\n', done],
  },
  { how: 'goes silent', ending: 'proxy_timeout', steps: [...begun, hang] },
]

test.each(endings)('an upstream that $how never looks like a finished answer', async ({ ending, steps }) => {
  const limits = ending === 'proxy_timeout' ? { idle_timeout: 0.3 } : {}
  await using upstream = await startRawUpstream(() => ({ steps }))
  await using gateway = await start({
    mocks: 0,
    config: () => ({ providers: [compatible(upstream.url, limits)] }),
  })
  const answer = await post(`${gateway.url}/v1/chat/completions`, chat('mock-any'))
  expect(answer).toMatchObject({ status: 200, complete: true })
  const { chunks, error } = readStrictly(answer.text)
  expect(chunks).toHaveLength(3)
  expect(error).toMatchObject({ message: expect.any(String), type: 'server_error' })
  const outcome = await gateway.ended()
  expect(outcome).toMatchObject({ ending, usage: null, status: 200 })
  expect(gateway.gateway.prometheus()).toMatch(new RegExp(`ending="${ending}"[^\\n]* 1$`, 'm'))
  expect(upstream.requests).toHaveLength(1)
})

test('the openai SDK throws, and has given its program the text that came', async () => {
  await using upstream = await startRawUpstream(() => ({ steps: [...begun, cut] }))
  await using gateway = await start({ mocks: 0, config: () => ({ providers: [compatible(upstream.url)] }) })
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'client-key' })
  let text = ''
  const read = async () => {
    for await (const chunk of await client.chat.completions.create({
      model: 'mock-any',
      messages: [{ role: 'user', content: 'Hi' }],
      stream: true,
    }))
      text += chunk.choices[0]?.delta.content ?? ''
  }
  await expect(read()).rejects.toBeInstanceOf(APIError)
  expect(text).toBe('Once upon')
  expect(upstream.requests).toHaveLength(1)
})

test('a connection that dies behind the finish and before [DONE] has still given the whole answer', async () => {
  await using upstream = await startRawUpstream(() => ({ steps: [...begun, finish(), cut] }))
  await using gateway = await start({ mocks: 0, config: () => ({ providers: [compatible(upstream.url)] }) })
  const { text } = await post(`${gateway.url}/v1/chat/completions`, chat('mock-any'))
  expect(readStrictly(text).error).toBeUndefined()
  expect(await gateway.ended()).toMatchObject({ ending: 'complete' })
})
