import { expect, test } from 'vitest'
import { ask, paths, type Reply, start, until } from '../reliability/support.ts'
import {
  hangs,
  inUse,
  nothing,
  says,
  scripted,
  startCondensing,
  windowed,
} from '../condensation/support/scripted.ts'

const mebi = 1024 * 1024

const textOf = (name: string, length: number) => `${name} `.repeat(Math.ceil(length / (name.length + 1)))

function reasonOf({ text }: Reply): string | undefined {
  const { _proxy_info: told } = JSON.parse(text) as { _proxy_info: { condensed?: { reason?: string } } }
  return told.condensed?.reason
}

test('large texts that wait for their summaries do not fill the memory', async () => {
  const upstream = await scripted({ request: windowed(2_300_000), summary: hangs })
  const proxy = await startCondensing([upstream], { timeout: 60 })
  const waiting = ['anchors', 'bells'].map((name) =>
    start(proxy.url, paths.completions, { model: 'm', prompt: textOf(name, 15 * mebi) }),
  )
  await until(() => upstream.summaries.length === 2, 10_000)
  // One caller has no more room than that, so that it does not wait.
  expect(reasonOf(await ask(proxy.url, 'completions', { prompt: textOf('engines', 10 * mebi) }))).toBe(
    'budget',
  )
  for (const each of waiting) each.leave()
  await until(() => JSON.stringify(inUse(proxy)) === JSON.stringify(nothing))
  upstream.turn({ summary: says('what was said before') })
  const again = await ask(proxy.url, 'completions', { prompt: textOf('engines', 10 * mebi) })
  expect([reasonOf(again), upstream.summaries.length]).toEqual([undefined, 3])
})

test('a text that no model could read is not shown to any', async () => {
  const upstream = await scripted({ request: windowed(2_300_000) })
  const proxy = await startCondensing([upstream])
  expect(reasonOf(await ask(proxy.url, 'completions', { prompt: textOf('words', 17 * mebi) }))).toBe(
    'too_large',
  )
  expect(upstream.summaries).toEqual([])
})
