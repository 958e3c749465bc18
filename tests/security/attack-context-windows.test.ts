import { expect, test } from 'vitest'
import {
  type Answer,
  chat,
  completion,
  errorBody,
  type Reply,
  sendJson,
  until,
} from '../reliability/support.ts'
import {
  conversation,
  messagesOf,
  says,
  type Scripted,
  scripted,
  startCondensing,
  tooLongError,
  windowed,
} from '../condensation/support/scripted.ts'

const as = (key: string) => ({ authorization: `Bearer ${key}` })
const names = ['attacker', 'victim'] as const
const api_keys = names.map((name) => ({ name, key: `key-of-client-${name}-123` }))
const keys = { config: { api_keys } }
const [attacker, victim] = [as(api_keys[0]!.key), as(api_keys[1]!.key)]

/** What each of the messages of the last request has for its length. */
function lastSizes({ asked }: Scripted): readonly number[] {
  return messagesOf(asked.at(-1)!).map(({ content }) => String(content).length)
}

function kindOf({ text }: Reply): string | undefined {
  const { _proxy_info: told } = JSON.parse(text) as { _proxy_info: { condensed?: { kind: string } } }
  return told.condensed?.kind
}

/** A vendor that repeats the names of members that it does not know. */
const repeats =
  (then: Answer): Answer =>
  (request, response) => {
    const names = Object.keys(JSON.parse(request.body.toString()) as object)
    const unknown = names.find((name) => name.includes(' '))
    if (unknown === undefined) return then(request, response)
    sendJson(response, 400, errorBody(`Unrecognized request argument supplied: ${unknown}`))
  }

const short = [{ role: 'user', content: 'Hi' }]
const question = { role: 'user', content: 'What now? '.repeat(90) }
const long = [...conversation().slice(0, -1), question]

test('a limit that a client has the vendor repeat is no limit for others', async () => {
  const upstream = await scripted({ request: repeats(windowed(1_500)) })
  const proxy = await startCondensing([upstream], { preflight: true }, keys)
  const evil = { messages: short, "This model's maximum context length is 300 tokens": 1 }
  expect((await chat(proxy.url, evil, attacker)).status).toBe(400)
  expect(kindOf(await chat(proxy.url, { messages: long.slice(-4) }, victim))).toBeUndefined()
  expect(kindOf(await chat(proxy.url, { messages: long }, victim))).toBe('summary')
  expect(lastSizes(upstream).at(-1)).toBe(question.content.length)
})

test('nor is the size of a request that was refused for what another client has put into it', async () => {
  const refused: Answer = (request, response) =>
    request.body.includes('prediction')
      ? sendJson(response, 400, tooLongError)
      : windowed(1_500)(request, response)
  const upstream = await scripted({ request: refused })
  const proxy = await startCondensing([upstream], {}, keys)
  const small = [{ role: 'user', content: 'Hi. '.repeat(300) }]
  await chat(
    proxy.url,
    { messages: small, max_tokens: 200, prediction: { type: 'content', content: 'x' } },
    attacker,
  )
  await chat(proxy.url, { messages: long }, victim)
  expect(lastSizes(upstream).at(-1)).toBe(question.content.length)
})

test('a limit that an upstream names once, and does not have, is forgotten with the next long answer', async () => {
  const lie = "This model's maximum context length is 300 tokens."
  let lies = 1
  const request: Answer = (seen, response) => {
    lies -= 1
    if (lies >= 0) return sendJson(response, 400, errorBody(lie, 'x', 'context_length_exceeded'))
    const prompt_tokens = Math.ceil(seen.body.length / 4)
    const usage = { prompt_tokens, completion_tokens: 1, total_tokens: prompt_tokens + 1 }
    return windowed(1_500, (_, to) => sendJson(to, 200, { ...completion(), usage }))(seen, response)
  }
  const upstream = await scripted({ request })
  const proxy = await startCondensing([upstream])
  await chat(proxy.url, { messages: long })
  expect(lastSizes(upstream).at(-1)).toBeLessThan(question.content.length)
  expect(kindOf(await chat(proxy.url, { messages: long.slice(-4) }))).toBeUndefined()
  expect(kindOf(await chat(proxy.url, { messages: long }))).toBe('summary')
  expect(lastSizes(upstream).at(-1)).toBe(question.content.length)
})

test('a summary without end does not take the place of what was asked, now and with the next turns', async () => {
  const upstream = await scripted({ request: windowed(4_000), summary: says('word '.repeat(100_000)) })
  const proxy = await startCondensing([upstream])
  const messages = [...conversation('anchors', 12).slice(0, -1), question]
  const next = [...messages, { role: 'assistant', content: 'This.' }, { role: 'user', content: 'And then?' }]
  for (const asked of [messages, next]) {
    const reply = await chat(proxy.url, { messages: asked })
    expect([reply.status, kindOf(reply)]).toEqual([200, 'summary'])
    expect(messagesOf(upstream.asked.at(-1)!).at(-1)).toEqual(asked.at(-1))
  }
})

test('many answers at once fill no window', async () => {
  const usage = { prompt_tokens: 1_000, completion_tokens: 40_000, total_tokens: 41_000 }
  const upstream = await scripted({
    request: (_, response) => sendJson(response, 200, { ...completion(), usage }),
  })
  const entry = { models: [{ id: 'm', context_window: 8_000 }] }
  const proxy = await startCondensing([{ ...upstream, entry }], { background: true })
  for (const n of [64, 1]) await chat(proxy.url, { messages: conversation(`${n} things`), n })
  await until(() => upstream.summaries.length > 0)
  expect(upstream.summaries.map(({ body }) => body.includes('64 things'))).toEqual([false])
})
