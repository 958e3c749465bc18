import type { Gateway } from '@llmproxy/core'
import { expect, test } from 'vitest'
import { watchHealth } from './health-watch.ts'
import type { Logger } from './log/logger.ts'

test('the log has one line when a provider turns unhealthy, and one when it is well again', () => {
  let tell: Parameters<Gateway['watchHealth']>[0]
  let ended = 0
  const gateway: Pick<Gateway, 'watchHealth' | 'hearHealth'> = {
    hearHealth: () => undefined,
    watchHealth(told) {
      tell = told
      return () => void (ended += 1)
    },
  }
  const lines: unknown[] = []
  const write = (level: string) => (facts: object, message: string) =>
    void lines.push([level, message, facts])
  const log = { info: write('info'), warn: write('warn') } as unknown as Logger
  const end = watchHealth(gateway, log)
  tell?.({ provider: 'a', status: 'unhealthy', reason: 'configuration', message: 'no such key' })
  tell?.({ provider: 'a', status: 'degraded', reason: 'quota_exhausted' })
  end()
  expect(lines).toEqual([
    ['warn', 'provider is unhealthy', { provider: 'a', reason: 'configuration', message: 'no such key' }],
    ['info', 'provider is well again', { provider: 'a' }],
  ])
  expect(ended).toBe(1)
})

test('of several workers one checks and tells; the others only listen', () => {
  const calls: unknown[] = []
  const gateway: Pick<Gateway, 'watchHealth' | 'hearHealth'> = {
    watchHealth(_told, found) {
      found?.('what was found' as never)
      return () => undefined
    },
    hearHealth: (found) => void calls.push(['heard', found]),
  }
  const log = {} as Logger
  watchHealth(gateway, log, { tell: (found) => void calls.push(['told', found]) })
  watchHealth(gateway, log, { listen: (hear) => hear('what was told' as never) })
  expect(calls).toEqual([
    ['told', 'what was found'],
    ['heard', 'what was told'],
  ])
})
