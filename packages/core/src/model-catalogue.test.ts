import { setImmediate as turn } from 'node:timers/promises'
import { modelIds } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { ManualClock } from '../test/manual-clock.ts'
import { jsonResponse, never, type Toy, toyGateway } from '../test/toy-gateway.ts'
import type { LiveProvider } from './live-provider.ts'
import { ModelCatalogue } from './model-catalogue.ts'

const models = { request: () => ({ method: 'GET' as const, path: '/models' }), response: modelIds }

interface Vendor extends Toy {
  asked: number
  answer: () => Promise<ReturnType<typeof jsonResponse>>
}

function vendor(ids: readonly string[], entry: object): Vendor {
  const made: Vendor = {
    asked: 0,
    answer: () => Promise.resolve(jsonResponse({ data: ids.map((id) => ({ id })) })),
    provider: {
      models,
      exchange: () => {
        made.asked += 1
        return made.answer()
      },
    },
    entry,
  }
  return made
}

async function opened(toys: readonly Toy[], settings: object = {}) {
  const clock = new ManualClock()
  const { gateway } = await toyGateway(toys, settings, { clock })
  return { clock, gateway, names: async () => (await gateway.models()).data.map(({ id }) => id) }
}

test('a pattern lists what the vendor has for it, behind the configured names, each name once', async () => {
  const first = vendor(['gpt-b', 'gpt-a', 'other', 'exact'], { models: ['exact', 'gpt-*'] })
  const second = vendor(['gpt-a', 'claude-x'], { models: ['gpt-*', 'claude-*'] })
  const { names, gateway } = await opened([first, second])
  expect(await names()).toEqual(['exact', 'claude-x', 'gpt-a', 'gpt-b'])
  const line = (await gateway.models()).data.find(({ id }) => id === 'gpt-a')
  expect(line).toMatchObject({ owned_by: 'toy0', providers: ['toy0', 'toy1'] })
})

test('a list is kept for five minutes, then renewed while the old one is served', async () => {
  const one = vendor(['gpt-a'], { models: ['gpt-*'] })
  const { names, clock } = await opened([one])
  await names()
  clock.advance(299_000)
  await names()
  expect(one.asked).toBe(1)
  clock.advance(1_000)
  one.answer = () => Promise.resolve(jsonResponse({ data: [{ id: 'gpt-b' }] }))
  expect(await names()).toEqual(['gpt-a'])
  expect(one.asked).toBe(2)
  for (let step = 0; step < 10; step += 1) await turn()
  expect(await names()).toEqual(['gpt-b'])
})

test('clients that ask at once share one request', async () => {
  const one = vendor(['gpt-a'], { models: ['gpt-*'] })
  const { names } = await opened([one])
  expect(await Promise.all([names(), names(), names()])).toEqual([['gpt-a'], ['gpt-a'], ['gpt-a']])
  expect(one.asked).toBe(1)
})

test('a vendor that fails keeps its last list, and is asked again after half a minute', async () => {
  const one = vendor(['gpt-a'], { models: ['gpt-*'] })
  const { names, clock } = await opened([one])
  await names()
  one.answer = () => Promise.resolve(jsonResponse({ error: 'no' }, 500))
  clock.advance(300_000)
  await names()
  for (let step = 0; step < 10; step += 1) await turn()
  expect(await names()).toEqual(['gpt-a'])
  expect(one.asked).toBe(2)
  clock.advance(30_000)
  await names()
  expect(one.asked).toBe(3)
})

test('a vendor that hangs costs the first client five seconds, and nobody after that', async () => {
  const one = vendor([], { models: ['gpt-*', 'named'] })
  one.answer = () => never
  const { names, clock } = await opened([one])
  const first = names()
  clock.advance(5_000)
  expect(await first).toEqual(['named'])
  expect(await names()).toEqual(['named'])
})

test.each<[string, object, object]>([
  ['models_ttl is 0', { models: ['gpt-*'] }, { models_ttl: 0 }],
  ['only full names are configured', { models: ['gpt-a'] }, {}],
  ['the pattern is renamed', { models: [{ id: 'az-*', upstream: 'gpt-a' }] }, {}],
])('no vendor is asked when %s', async (_name, entry, settings) => {
  const one = vendor(['gpt-a', 'az-a'], entry)
  const { names } = await opened([one], settings)
  await names()
  expect(one.asked).toBe(0)
})

test('what the most precise pattern renames is not listed for a wider one', async () => {
  const one = vendor(['gpt-a', 'gpt-4o', ''], { models: ['*', { id: 'gpt-4*', upstream: 'mine' }] })
  const { names } = await opened([one])
  expect(await names()).toEqual(['gpt-a'])
})

test('an aggregator’s name that routing sends to another provider is not listed', async () => {
  const aggregator = vendor(['toy1/a', 'toy9/b'], { models: ['*'] })
  const { names } = await opened([aggregator, { ...vendor([], { models: ['named'] }) }])
  expect(await names()).toEqual(['named', 'toy9/b'])
})

/** A catalogue of its own, and a vendor whose list has windows in it: gateways ask only for what they need. */
function windowed(windows: unknown, configured: readonly string[] = ['m'], ttlMs = 300_000) {
  const clock = new ManualClock()
  const made = vendor(['gpt-a', 'm'], {})
  const listing = typeof windows === 'function' ? windows : () => windows
  const live = {
    name: 'toy',
    identity: 'here',
    config: { models: configured },
    provider: {
      ...made.provider,
      models: windows === undefined ? models : { ...models, windows: listing },
      authorize: () => ({}),
    },
    baseUrl: 'toy://in-process',
    headers: {},
  } as unknown as LiveProvider
  const catalogue = new ModelCatalogue(clock, ttlMs)
  const asked = async () => {
    catalogue.refreshInBackground(live)
    for (let step = 0; step < 10; step += 1) await turn()
    return catalogue.window(live, 'm')
  }
  return { made, clock, live, catalogue, asked }
}

test('windows are asked for in the background, and kept as long as the names', async () => {
  const { made, clock, live, catalogue, asked } = windowed({ m: 8_192, 'gpt-a': 4_096 })
  catalogue.refreshInBackground(live)
  catalogue.refreshInBackground(live)
  expect([catalogue.window(live, 'm'), made.asked]).toEqual([undefined, 1])
  expect(await asked()).toBe(8_192)
  expect(catalogue.window(live, 'gpt-a')).toBe(4_096)
  expect(catalogue.window(live, 'constructor')).toBeUndefined()
  clock.advance(299_999)
  await asked()
  expect(made.asked).toBe(1)
  clock.advance(1)
  await asked()
  expect(made.asked).toBe(2)
})

test('a vendor that fails keeps its last windows', async () => {
  const { made, clock, asked } = windowed({ m: 8_192 })
  await asked()
  made.answer = () => Promise.resolve(jsonResponse({ error: 'no' }, 500))
  clock.advance(300_000)
  expect(await asked()).toBe(8_192)
  clock.advance(29_999)
  await asked()
  expect(made.asked).toBe(2)
  clock.advance(1)
  await asked()
  expect(made.asked).toBe(3)
})

test('a reload keeps the windows of the same provider until its list has been asked for again', async () => {
  const { made, clock, live, catalogue, asked } = windowed({ m: 8_192 })
  await asked()
  made.answer = () => never
  const next = new ModelCatalogue(clock, 300_000, catalogue)
  const moved = { ...live, identity: 'elsewhere' }
  for (const [provider, window] of [
    [live, 8_192],
    [{ ...live, name: 'new' }, undefined],
  ] as const) {
    next.refreshInBackground(provider)
    expect(next.window(provider, 'm')).toBe(window)
  }
  expect(made.asked).toBe(3)
  const other = new ModelCatalogue(clock, 300_000, catalogue)
  other.refreshInBackground(moved)
  expect(other.window(moved, 'm')).toBeUndefined()
})

test('one list serves both who wants names and who wants windows', async () => {
  const { made, live, catalogue, asked } = windowed({ m: 8_192 }, ['gpt-*'])
  await catalogue.refresh([live])
  expect(await asked()).toBe(8_192)
  expect([catalogue.ids(live), made.asked]).toEqual([['gpt-a'], 1])
})

test('who wants names waits for a list that was asked for in the background', async () => {
  const { made, live, catalogue } = windowed({ m: 8_192 }, ['gpt-*'])
  catalogue.refreshInBackground(live)
  await catalogue.refresh([live])
  expect([catalogue.ids(live), made.asked]).toEqual([['gpt-a'], 1])
})

test.each<[string, unknown, number]>([
  ['models_ttl is 0', { m: 8_192 }, 0],
  ['its list has none', undefined, 300_000],
])('no vendor is asked for windows when %s', async (_name, windows, ttlMs) => {
  const { made, asked } = windowed(windows, ['m'], ttlMs)
  expect([await asked(), made.asked]).toEqual([undefined, 0])
})

test.each<[string, unknown]>([
  ['a text', { m: '8192' }],
  ['nothing', { m: null }],
  ['0', { m: 0 }],
  ['less than nothing', { m: -1 }],
  ['no whole number', { m: 0.5 }],
  ['endless', { m: Infinity }],
  ['no record', null],
  [
    'an error',
    () => {
      throw new Error('no')
    },
  ],
])('a window that is %s is none, and the names are of use without', async (_name, windows) => {
  const { live, catalogue, asked } = windowed(windows, ['gpt-*'])
  expect([await asked(), catalogue.ids(live)]).toEqual([undefined, ['gpt-a']])
})
