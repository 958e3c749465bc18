import { expect, test } from 'vitest'
import { ModelTable } from '../routing/model-table.ts'
import { largerModels } from './larger-models.ts'

/** The models that are asked when `first` is too small, each of which names the next. */
function asked(first: string, fallbacks: Readonly<Record<string, string | undefined>>): readonly string[] {
  const models = Object.entries(fallbacks).map(([id, context_fallback]) =>
    context_fallback === undefined ? id : { id, context_fallback },
  )
  const operations = new Set(['chat'] as const)
  const table = new ModelTable([{ name: 'a', priority: 1, weight: 1, operations, supports: {}, models }])
  const routeOf = (model: string) => table.lookup(model, 'chat')
  const [target] = routeOf(first)
  return [...largerModels(target!, routeOf)].map(([each]) => each!.upstreamModel)
}

test('none, where none is named', () => {
  expect(asked('s', { s: undefined, l: undefined })).toEqual([])
})

test('one after the other, each names the next', () => {
  expect(asked('s', { s: 'm', m: 'l', l: undefined })).toEqual(['m', 'l'])
  expect(asked('m', { s: 'm', m: 'l', l: undefined })).toEqual(['l'])
})

test('a circle ends before it begins anew', () => {
  expect(asked('s', { s: 'm', m: 'l', l: 's' })).toEqual(['m', 'l'])
  expect(asked('s', { s: 'm', m: 'l', l: 'm' })).toEqual(['m', 'l'])
  expect(asked('s', { s: 's' })).toEqual([])
})

test('a model that nobody serves ends it', () => {
  expect(asked('s', { s: 'gone', l: undefined })).toEqual([])
})

test('a wildcard covers the model that it names: that one is asked once', () => {
  expect(asked('w-small', { 'w-*': 'w-big' })).toEqual(['w-big'])
  expect(asked('w-big', { 'w-*': 'w-big' })).toEqual([])
  expect(asked('a/w-big', { 'w-*': 'w-big' })).toEqual([])
})

test('another name of the same model is no other model', () => {
  expect(asked('s', { s: 'a/s' })).toEqual([])
})

test('four of them, at most', () => {
  const letters = 'abcdefgh'.split('')
  const chain = Object.fromEntries(letters.map((id, index) => [id, letters[index + 1]]))
  expect(asked('a', chain)).toEqual(['b', 'c', 'd', 'e'])
})
