import { systemClock } from '@llmproxy/core'
import { expect, test } from 'vitest'
import { rateLimits, type RateLimitSettings } from './rate-limits.ts'
import { MemoryCounter } from './store/memory-counter.ts'

const none = { chat: null, completions: null, embeddings: null, images: null, videos: null, messages: null }
const settings: RateLimitSettings = { rate_limit_rpm: null, rate_limit_window: 60, rate_limits: none }

test('other limits hold at once, and what was counted so far counts for them', async () => {
  const limits = rateLimits({ ...settings, rate_limit_rpm: 10 }, new MemoryCounter(systemClock))
  for (let n = 0; n < 3; n += 1) await limits.take('a', 'chat')
  limits.configure({ ...settings, rate_limit_rpm: 4 })
  expect(await limits.take('a', 'chat')).toMatchObject({ limit: 4, remaining: 0, refused: false })
  expect(await limits.take('a', 'chat')).toMatchObject({ limit: 4, refused: true })
  expect(await limits.take('b', 'chat')).toMatchObject({ remaining: 3 })
  limits.configure({ ...settings, rate_limit_rpm: 100 })
  expect(await limits.take('a', 'chat')).toMatchObject({ limit: 100, remaining: 95, refused: false })
})

test('a limit that is new begins to count, and one that is switched off no longer applies', async () => {
  const limits = rateLimits(settings, new MemoryCounter(systemClock))
  expect(await limits.take('a', 'chat')).toBeUndefined()
  limits.configure({ ...settings, rate_limits: { ...none, chat: 1 } })
  expect(await limits.take('a', 'embeddings')).toBeUndefined()
  expect(await limits.take('a', 'chat')).toMatchObject({ setting: 'rate_limits.chat', refused: false })
  expect(await limits.take('a', 'chat')).toMatchObject({ refused: true })
  limits.configure(settings)
  expect(await limits.take('a', 'chat')).toBeUndefined()
})
