import type { OperationName } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import { ModelTable } from './model-table.ts'
import type { RoutedProvider } from './route-target.ts'

type Changes = Partial<RoutedProvider>

function provider(name: string, models: RoutedProvider['models'], changes: Changes = {}): RoutedProvider {
  const operations: ReadonlySet<OperationName> = new Set(['chat', 'embeddings'])
  return { name, models, priority: 1, weight: 1, operations, supports: {}, ...changes }
}

function resolve(table: ModelTable, model: string, operation: OperationName = 'chat'): string[] {
  return table.lookup(model, operation).map((target) => `${target.provider}:${target.upstreamModel}`)
}

describe('a model name resolves to', () => {
  const table = new ModelTable([
    provider('alpha', ['big', { id: 'fast', upstream: 'small-2' }, 'shared', 'beta/exact']),
    provider('beta', ['mid-*', 'mid-large-*', 'shared', { id: 'own-*', upstream: 'vendor-*' }]),
    provider('open', []),
    provider('late', ['*'], { priority: 2 }),
    provider('pinned', [{ id: 'any-*', upstream: 'one' }], { priority: 3 }),
  ])
  test.each([
    ['an exact name, then the catch-all of lower priority', 'big', ['alpha:big', 'late:big']],
    ['an alias, which no wildcard of others joins', 'fast', ['alpha:small-2']],
    ['all providers that list it', 'shared', ['alpha:shared', 'beta:shared', 'late:shared']],
    ['a wildcard, under the name asked for', 'mid-x', ['beta:mid-x', 'late:mid-x']],
    ['a provider once, by its longest wildcard', 'mid-large-x', ['beta:mid-large-x', 'late:mid-large-x']],
    ['a renaming wildcard, with the rest carried over', 'own-7', ['beta:vendor-7', 'late:own-7']],
    ['a wildcard with one fixed upstream', 'any-7', ['late:any-7', 'pinned:one']],
    ['one provider by its prefix', 'alpha/big', ['alpha:big']],
    ['an alias behind a prefix', 'alpha/fast', ['alpha:small-2']],
    ['a wildcard behind a prefix', 'beta/own-7', ['beta:vendor-7']],
    ['whatever follows the prefix of a provider without entries', 'open/not/listed', ['open:not/listed']],
    ['an exact name with a slash before any prefix', 'beta/exact', ['alpha:beta/exact', 'late:beta/exact']],
    ['a wildcard when the prefix is no provider', 'nobody/x', ['late:nobody/x']],
    ['a wildcard when nothing follows the prefix', 'beta/', ['late:beta/']],
  ])('%s', (_, model, expected) => {
    expect(resolve(table, model)).toEqual(expected)
    expect(resolve(table, model)).toEqual(expected)
    expect(table.has(model)).toBe(true)
  })

  test('nothing when nobody matches', () => {
    const exact = new ModelTable([provider('alpha', ['big'])])
    for (const model of [
      '',
      'bigger',
      'bi',
      '/big',
      'other/big',
      'alpha/bigger',
      '__proto__',
      'x'.repeat(10_000),
    ]) {
      expect(resolve(exact, model)).toEqual([])
      expect(exact.has(model)).toBe(false)
    }
  })
})

describe('the order of candidates', () => {
  test('is by priority; at the same priority the more precise entry goes first', () => {
    const table = new ModelTable([
      provider('any', ['*']),
      provider('long', ['big-m*']),
      provider('short', ['big-*']),
      provider('exact', ['big-m1']),
      provider('first', ['*'], { priority: 0 }),
    ])
    expect(table.lookup('big-m1', 'chat').map((target) => target.provider)).toEqual([
      'first',
      'exact',
      'long',
      'short',
      'any',
    ])
  })
})

describe('operations', () => {
  const operations: ReadonlySet<OperationName> = new Set(['chat', 'embeddings'])
  const table = new ModelTable([
    provider(
      'alpha',
      ['talk', { id: 'vector', operations: ['embeddings'] }, { id: 'text', operations: ['completions'] }],
      {
        operations,
      },
    ),
    provider('native', ['both', { id: 'only-chat', operations: ['chat'] }], {
      operations: new Set(['chat', 'completions']),
    }),
  ])
  test('of a model narrow those of its provider', () => {
    expect(resolve(table, 'vector', 'embeddings')).toEqual(['alpha:vector'])
    expect(resolve(table, 'vector', 'chat')).toEqual([])
    expect(resolve(table, 'talk', 'images')).toEqual([])
    expect(table.has('vector')).toBe(true)
  })

  test('completions are served natively, else over chat', () => {
    const bridged = (model: string) => table.lookup(model, 'completions').map((target) => target.bridged)
    expect(bridged('talk')).toEqual([true])
    expect(bridged('text')).toEqual([true])
    expect(bridged('both')).toEqual([false])
    expect(bridged('only-chat')).toEqual([true])
    expect(bridged('vector')).toEqual([])
  })
})

describe('the listing', () => {
  const table = new ModelTable([
    provider('second', ['shared', 'wild-*', { id: 'alias', upstream: 'x', context_window: 8_000 }], {
      priority: 2,
    }),
    provider('first', ['shared', { id: 'zeta', context_window: 100 }, 'a/b']),
  ])
  test('has exact names and aliases in a stable order, and no wildcards', () => {
    expect(table.list().map(({ id }) => id)).toEqual(['a/b', 'alias', 'shared', 'zeta'])
    expect(table.list().find(({ id }) => id === 'shared')).toEqual({
      id: 'shared',
      owned_by: 'first',
      providers: ['first', 'second'],
      context_window: undefined,
    })
    expect(table.find('alias')?.context_window).toBe(8_000)
  })

  test('has only names that resolve', () => {
    const lost = table.list().filter(({ id }) => table.lookup(id, 'chat').length === 0)
    expect(lost).toEqual([])
  })

  test('can be asked for any name that resolves', () => {
    expect(table.find('wild-1')).toMatchObject({ id: 'wild-1', owned_by: 'second' })
    expect(table.find('a/b')).toMatchObject({ owned_by: 'first' })
    expect(table.find('nothing')).toBeUndefined()
  })
})

test('labels for metrics come from the configuration, never from a client', () => {
  const table = new ModelTable([provider('alpha', ['big', 'mid-*']), provider('open', [])])
  const labels = ['big', 'mid-1', 'mid-2', 'alpha/big', 'alpha/mid-3', 'open/invented', 'invented']
  expect(labels.map((name) => table.label(name))).toEqual([
    'big',
    'mid-*',
    'mid-*',
    'big',
    'mid-*',
    'other',
    'other',
  ])
  expect(table.lookup('open/invented', 'chat')[0]?.entry).toBe('other')
  expect(table.lookup('alpha/invented', 'chat')).toEqual([])
  expect(table.lookup('mid-1', 'chat')[0]?.entry).toBe('mid-*')
})

test('inventing names does not change what names mean', () => {
  const table = new ModelTable([provider('alpha', ['*'])])
  for (let index = 0; index < 3_000; index += 1) table.lookup(`name-${index}`, 'chat')
  expect(resolve(table, 'name-0')).toEqual(['alpha:name-0'])
})
