import { definePlugin, type Provider } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createGateway } from './create-gateway.ts'

const answer = { id: 'x', object: 'chat.completion', created: 1, model: 'm', choices: [] }

/** A provider that answers in process and whose `member` throws a plain error, as a typo would. */
function buggy(member: 'request' | 'response' | 'authorize'): Provider {
  const fail = () => {
    throw new TypeError(`typo in ${member} with key-of-the-operator`)
  }
  return {
    baseUrl: 'toy://in-process',
    operations: {
      chat: {
        request: member === 'request' ? fail : () => ({ path: '/chat' }),
        response: member === 'response' ? fail : () => answer as never,
      },
    },
    authorize: member === 'authorize' ? fail : () => ({}),
    exchange: () => Promise.resolve({ status: 200, headers: {}, body: Buffer.from('{}') }),
  }
}

test.each(['request', 'response', 'authorize'] as const)(
  'what a bug in %s() throws is logged without secrets, and the client sees a 502 that does not repeat it',
  async (member) => {
    const logged: object[] = []
    const plugin = definePlugin({
      type: 'toy',
      options: z.strictObject({ api_key: z.unknown() }),
      create: () => buggy(member),
    })
    const gateway = await createGateway(
      { providers: [{ name: 'toy', type: 'toy', api_key: 'key-of-the-operator', models: ['m'] }] },
      { plugins: [plugin], log: { error: (facts) => logged.push(facts) } },
    )
    const reply = await gateway.respond('chat', { model: 'm', messages: [{ role: 'user', content: 'x' }] })
    expect(reply.status).toBe(502)
    expect(await reply.text()).not.toContain('typo')
    expect(logged).toHaveLength(1)
    expect(JSON.stringify(logged)).toMatch(
      new RegExp(`"provider":"toy".*typo in ${member} with \\[redacted\\]`),
    )
    await gateway.close()
  },
)

test.each([
  ['a promise', () => Promise.resolve({ path: '/chat' })],
  ['a path without a slash', () => ({ path: 'chat' })],
  ['nothing', () => undefined],
])('request() that gives back %s asks nobody', async (_what, request) => {
  let asked = 0
  const logged: object[] = []
  const provider = {
    ...buggy('response'),
    operations: { chat: { request } },
    authorize: () => ({}),
    exchange: () => Promise.reject(new Error(`asked ${++asked}`)),
  }
  const plugin = definePlugin({ type: 'toy', options: z.strictObject({}), create: () => provider as never })
  const gateway = await createGateway(
    { providers: [{ name: 'toy', type: 'toy', models: ['m'] }] },
    { plugins: [plugin], log: { error: (facts) => logged.push(facts) } },
  )
  const reply = await gateway.respond('chat', { model: 'm', messages: [{ role: 'user', content: 'x' }] })
  expect([reply.status, asked]).toEqual([502, 0])
  expect(JSON.stringify(logged)).toContain('must give back a path')
  await gateway.close()
})
