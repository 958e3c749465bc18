import { systemClock } from '@llmproxy/core'
import { expect, test } from 'vitest'
import { MemoryCounter } from '../store/memory-counter.ts'
import { Channel } from './channel.ts'
import { workerCounter } from './worker-counter.ts'

const limits = [
  { setting: 'rate_limit_rpm', points: 50, windowMs: 60_000 },
  { setting: 'rate_limits.chat', points: 10, windowMs: 60_000 },
]

test('a worker that gets no answer any more goes on counting from what it was last told', async () => {
  const primary = new MemoryCounter(systemClock)
  let gone = false
  let deliver: (message: unknown) => void = () => undefined
  const channel = new Channel({
    send: (message) => {
      if (gone) throw new Error('ERR_IPC_CHANNEL_CLOSED')
      const { ask } = message as { ask: number }
      setImmediate(() => deliver({ kind: 'count', answer: ask, body: primary.hit('team', limits) }))
    },
    onMessage: (listener) => void (deliver = listener),
  })
  const counter = workerCounter(channel, new MemoryCounter(systemClock))
  // Another worker has used most of it.
  for (let count = 0; count < 8; count++) primary.hit('team', limits)
  expect(await counter.hit('team', limits)).toMatchObject({ remaining: 1, refused: false })
  gone = true
  expect(await counter.hit('team', limits)).toMatchObject({ remaining: 0, refused: false })
  expect(await counter.hit('team', limits)).toMatchObject({ setting: 'rate_limits.chat', refused: true })
  expect(await counter.hit('other', limits)).toMatchObject({ remaining: 9, refused: false })
})
