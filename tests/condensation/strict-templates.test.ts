import { expect, test } from 'vitest'
import { type Answer, chat, errorBody, sendJson } from '../reliability/support.ts'
import {
  conversation,
  messagesOf,
  refuses,
  says,
  scripted,
  startCondensing,
  windowed,
} from './support/scripted.ts'

const messages = conversation()

/** A model whose template takes system messages only as the first, or none. */
const strict =
  (most: number, then: Answer): Answer =>
  (request, response) =>
    messagesOf(request).some(({ role }, index) => role === 'system' && index >= most)
      ? sendJson(response, 400, errorBody('System message must be at the beginning.', 'BadRequestError'))
      : then(request, response)

const strictWindow = (most: number): Answer => windowed(1_500, strict(most, says('Hello')))

test('a template that takes one system message gets the summary in it, and is asked so from then on', async () => {
  const upstream = await scripted({ request: strictWindow(1) })
  const proxy = await startCondensing([upstream])
  for (const [turn, asked] of [3, 5].entries()) {
    const reply = await chat(proxy.url, { messages })
    expect([reply.status, reply.headers['x-llmproxy-condensed']]).toEqual([
      200,
      expect.stringMatching(/^summary; /),
    ])
    expect([turn, upstream.asked.length, upstream.summaries.length]).toEqual([turn, asked, 1])
    const [first, ...rest] = messagesOf(upstream.asked.at(-1)!)
    expect(first!.content).toMatch(/^Be brief\.\n\n[^]*what was said before/)
    expect(rest).toEqual(messages.slice(-1))
  }
})

test('one that takes none gets it in the message of the user', async () => {
  const upstream = await scripted({ request: strictWindow(0) })
  const proxy = await startCondensing([upstream])
  const reply = await chat(proxy.url, { messages: messages.slice(1) })
  expect([reply.status, upstream.asked.length]).toEqual([200, 3])
  const [only, ...rest] = messagesOf(upstream.asked.at(-1)!)
  expect([only!.role, only!.content]).toEqual([
    'user',
    expect.stringMatching(/what was said before[^]*And now, about anchors\?$/),
  ])
  expect(rest).toEqual([])
})

test('a request that is faulty anyway gets its own error, and nothing is learnt from it', async () => {
  let isFaulty = true
  const upstream = await scripted({
    request: (request, response) => {
      if (request.body.length / 4 > 1_500) return refuses(request, response)
      if (isFaulty) return sendJson(response, 400, errorBody('temperature is too high'))
      return says('Hello')(request, response)
    },
  })
  const proxy = await startCondensing([upstream])
  const reply = await chat(proxy.url, { messages })
  expect([reply.status, reply.text]).toEqual([400, expect.stringContaining('temperature is too high')])
  expect(upstream.asked.length).toBe(3)
  isFaulty = false
  expect((await chat(proxy.url, { messages })).status).toBe(200)
  expect(messagesOf(upstream.asked.at(-1)!).filter(({ role }) => role === 'system')).toHaveLength(2)
})
