import { expect, test } from 'vitest'
import { chat, done, finish, role, say } from '../support/chat-frames.ts'
import { hang, type RawStep, startRawUpstream } from '../support/raw-upstream.ts'
import { compatible, start } from '../support/start.ts'
import { post } from '../support/stream-client.ts'
import { strictReading } from '../support/strict-reader.ts'

const answer = [role, say('Hi'), finish()]

test.each<{ how: string; steps: readonly RawStep[] }>([
  { how: '[DONE] twice', steps: [...answer, done, done] },
  { how: 'no [DONE]', steps: answer },
  { how: '[DONE] and then more text', steps: [...answer, done, say('too late'), finish(), done] },
  { how: '[DONE] without its blank line', steps: [...answer, 'data: [DONE]'] },
  { how: '[DONE] with spaces', steps: [...answer, 'data:  [DONE] \n\n'] },
])('an upstream that sends $how gives exactly one [DONE], last', async ({ steps }) => {
  await using upstream = await startRawUpstream(() => ({ steps }))
  await using gateway = await start({ mocks: 0, config: () => ({ providers: [compatible(upstream.url)] }) })
  const { text, complete } = await post(`${gateway.url}/v1/chat/completions`, chat('mock-any'))
  expect(complete).toBe(true)
  expect(strictReading(text)).toMatchObject({ text: 'Hi', finish: 'stop' })
  expect(await gateway.ended()).toMatchObject({ ending: 'complete' })
})

test.each<{ after: string; steps: readonly RawStep[] }>([
  { after: '[DONE]', steps: [...answer, done, { wait: 10_000 }] },
  { after: 'its finish, without [DONE]', steps: [...answer, hang] },
])(
  'an upstream that keeps its connection open after $after is let go, and the client waits less than 2 s',
  async ({ steps }) => {
    await using upstream = await startRawUpstream(() => ({ steps }))
    await using gateway = await start({
      mocks: 0,
      config: () => ({ providers: [compatible(upstream.url, { max_connections: 1, queue_timeout: 0 })] }),
    })
    const url = `${gateway.url}/v1/chat/completions`
    const first = await post(url, chat('mock-any'))
    expect(strictReading(first.text).text).toBe('Hi')
    expect(first.tookMs).toBeLessThan(2000)
    expect(await gateway.ended()).toMatchObject({ ending: 'complete' })
    expect((await upstream.closed(0, 5000)).aborted).toBe(true)
    const second = await post(url, chat('mock-any'))
    expect(strictReading(second.text).text).toBe('Hi')
  },
)
