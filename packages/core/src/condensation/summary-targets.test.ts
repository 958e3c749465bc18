import { expect, test } from 'vitest'
import type { ModelConfig } from '../config/schema.ts'
import { ModelTable } from '../routing/model-table.ts'
import type { RoutedProvider } from '../routing/route-target.ts'
import type { Snapshot } from '../snapshot.ts'
import { summaryTargets, type SummaryTargetsInput } from './summary-targets.ts'

type Entry = Pick<RoutedProvider, 'name' | 'priority'> & {
  readonly models: readonly string[]
  readonly operations?: readonly ('chat' | 'embeddings')[]
}

function snapshotOf(entries: readonly Entry[]): Pick<Snapshot, 'table' | 'live'> {
  const providers = entries.map(({ operations = ['chat'], ...entry }) => ({
    ...entry,
    weight: 1,
    operations: new Set(operations),
    supports: {},
  }))
  const live = providers.map(
    ({ name, priority, models }) => [name, { name, config: { priority, models } }] as const,
  )
  return { table: new ModelTable(providers), live: new Map(live) as unknown as Snapshot['live'] }
}

interface Asked extends Partial<Pick<SummaryTargetsInput, 'settings'>> {
  readonly model?: string
  readonly ill?: readonly string[]
}

/** Whom it asks, as `provider/upstream model`. */
function asked(
  entries: readonly Entry[],
  { settings, model = 'm', ill = [] }: Asked = {},
): readonly string[] {
  const snapshot = snapshotOf(entries)
  const found = summaryTargets({
    snapshot,
    settings: { same_provider: false, ...settings },
    model,
    targets: snapshot.table.lookup(model, 'chat'),
    isWell: ({ provider }) => !ill.includes(provider),
  })
  return found.map(({ provider, upstreamModel }) => `${provider}/${upstreamModel}`)
}

const provider = (name: string, priority: number, ...models: ModelConfig[]) =>
  ({ name, priority, models }) as unknown as Entry
const settings = (given: Partial<SummaryTargetsInput['settings']>) =>
  ({ settings: given }) as Pick<SummaryTargetsInput, 'settings'>

const three = [provider('c', 3, 'm', 'n'), provider('a', 1, 'x', 'y'), provider('b', 2, 'm')]

test('by default every provider by its priority: with the model of the request, else with its first', () => {
  expect(asked(three)).toEqual(['a/x', 'b/m', 'c/m'])
})

test('of equal priority, those that are asked for the request go first', () => {
  expect(asked([provider('a', 1, 'x'), provider('b', 1, 'm'), provider('c', 1, 'y')])).toEqual([
    'b/m',
    'a/x',
    'c/y',
  ])
})

test('those that are not well go last, and stay', () => {
  expect(asked(three, { ill: ['a', 'c'] })).toEqual(['b/m', 'a/x', 'c/m'])
})

test('one that cannot chat, or names no model, is not asked', () => {
  const embedder: Entry = { name: 'e', priority: 0, models: ['m'], operations: ['embeddings'] }
  expect(asked([embedder, provider('w', 1, 'gpt-*'), provider('b', 2, 'm')])).toEqual(['b/m'])
})

test('a pattern serves where it covers the model of the request; an alias by the name that is sent', () => {
  const alias = provider('b', 2, { id: 'm', upstream: 'real' })
  expect(asked([provider('w', 1, 'gpt-*'), alias], { model: 'gpt-9' })).toEqual(['w/gpt-9', 'b/real'])
  expect(asked([provider('w', 1, 'gpt-*'), alias])).toEqual(['b/real'])
})

test('a model that only its provider is asked for is asked of this provider, and not of others by that name', () => {
  expect(asked(three, { model: 'c/n' })).toEqual(['a/x', 'b/m', 'c/n'])
})

test('`provider`: nobody else, and nobody when it is off', () => {
  expect(asked(three, settings({ provider: 'b' }))).toEqual(['b/m'])
  expect(asked(three, settings({ provider: 'a' }))).toEqual(['a/x'])
  expect(asked(three, settings({ provider: 'off' }))).toEqual([])
})

test('`model`: all of its deployments, best first', () => {
  expect(asked(three, settings({ model: 'm' }))).toEqual(['b/m', 'c/m'])
  expect(asked(three, settings({ model: 'c/m' }))).toEqual(['c/m'])
  expect(asked(three, settings({ model: 'unknown' }))).toEqual([])
})

test('both: this model of this provider', () => {
  expect(asked(three, settings({ provider: 'c', model: 'm' }))).toEqual(['c/m'])
  expect(asked(three, settings({ provider: 'a', model: 'm' }))).toEqual([])
})

test('`same_provider`: only those that the request itself may be sent to', () => {
  expect(asked(three, settings({ same_provider: true }))).toEqual(['b/m', 'c/m'])
  expect(asked(three, settings({ same_provider: true, model: 'x' }))).toEqual([])
  expect(asked(three, { model: 'y', ...settings({ same_provider: true }) })).toEqual(['a/y'])
})
