import { expect, test } from 'vitest'
import { chat, done, finish, role, say, usage } from '../support/chat-frames.ts'
import { startRawUpstream } from '../support/raw-upstream.ts'
import { anthropicWire, compatible, start } from '../support/start.ts'
import { post } from '../support/stream-client.ts'

test('a client that destroys its socket on [DONE] has been answered, though the upstream has not ended', async () => {
  await using upstream = await startRawUpstream(() => ({
    steps: [role, say('Hi'), finish(), usage(), done, { wait: 250 }],
  }))
  await using gateway = await start({ mocks: 0, config: () => ({ providers: [compatible(upstream.url)] }) })
  const { text } = await post(`${gateway.url}/v1/chat/completions`, chat('mock-any'), {
    watch: (text) => (text.includes('[DONE]') ? 'leave' : undefined),
  })
  expect(text).toContain('data: [DONE]\n\n')
  expect(await gateway.ended()).toMatchObject({
    ending: 'complete',
    status: 200,
    errorCode: null,
    usage: { input: 9, output: 2, total: 11 },
  })
  expect(gateway.log.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([])
  expect(gateway.gateway.prometheus()).not.toMatch(/ending="client_gone"[^\n]* [1-9]/)
})

test('the same for the last event of the Messages dialect', async () => {
  await using gateway = await start({ config: ([url = '']) => ({ providers: [anthropicWire(url)] }) })
  const body = { ...chat('mock-fixed'), max_tokens: 100 }
  await post(`${gateway.url}/v1/messages`, body, {
    watch: (text) => (text.includes('event: message_stop\n') ? 'leave' : undefined),
  })
  expect(await gateway.ended()).toMatchObject({ ending: 'complete', errorCode: null })
})

test('a client that leaves one frame earlier is gone', async () => {
  await using upstream = await startRawUpstream(() => ({
    steps: [role, say('Hi'), { wait: 5000 }, finish(), done],
  }))
  await using gateway = await start({ mocks: 0, config: () => ({ providers: [compatible(upstream.url)] }) })
  await post(`${gateway.url}/v1/chat/completions`, chat('mock-any'), {
    watch: (text) => (text.includes('Hi') ? 'leave' : undefined),
  })
  expect(await gateway.ended()).toMatchObject({ ending: 'client_gone' })
  expect((await upstream.closed(0, 5000)).aborted).toBe(true)
})
