import type { OperationName } from '@llmproxy/provider-kit'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ModelTable } from './model-table.ts'
import { type RouteInput, route } from './route.ts'
import type { RoutedProvider } from './route-target.ts'

const chatOnly: ReadonlySet<OperationName> = new Set(['chat'])

function provider(name: string, changes: Partial<RoutedProvider> = {}): RoutedProvider {
  return { name, models: ['m'], priority: 1, weight: 1, operations: chatOnly, supports: {}, ...changes }
}

function routed(providers: readonly RoutedProvider[], changes: Partial<RouteInput> = {}) {
  const needs = { tools: false, images: false, json_schema: false }
  const table = new ModelTable(providers)
  return route({ table, model: 'm', operation: 'chat', stream: false, needs, random: () => 0, ...changes })
}

function order(found: ReturnType<typeof route>): string[] {
  return found.kind === 'route' ? found.targets.map((target) => target.provider) : [found.kind]
}

function errorOf(found: ReturnType<typeof route>) {
  if (found.kind === 'route') throw new Error('a route was found')
  return {
    kind: found.kind,
    ...found.error.envelope().error,
    status: found.error.status,
    headers: found.error.headers,
  }
}

describe('a route', () => {
  test('goes by priority', () => {
    expect(
      order(routed([provider('b', { priority: 2 }), provider('a'), provider('c', { priority: 3 })])),
    ).toEqual(['a', 'b', 'c'])
  })

  test('shares the traffic of equals by weight', () => {
    const equals = [provider('heavy', { weight: 3 }), provider('light')]
    const firsts = [0, 0.25, 0.5, 0.74, 0.76, 0.99].map(
      (value) => order(routed(equals, { random: () => value }))[0],
    )
    expect(firsts).toEqual(['heavy', 'heavy', 'heavy', 'heavy', 'light', 'light'])
  })

  test('asks those that are not well last, but asks them', () => {
    const all = [provider('a'), provider('b', { priority: 2 }), provider('c', { priority: 3 })]
    expect(order(routed(all, { isWell: ({ provider: name }) => name === 'b' }))).toEqual(['b', 'a', 'c'])
    expect(order(routed(all, { isWell: () => false }))).toEqual(['a', 'b', 'c'])
  })

  test('leaves out providers that lack what the request needs', () => {
    const plain = provider('plain', {
      supports: { tools: false, images: false, json_schema: false, streaming: false },
    })
    const able = provider('able', { priority: 9 })
    const needs = { tools: false, images: false, json_schema: false }
    expect(order(routed([plain, able]))).toEqual(['plain', 'able'])
    expect(order(routed([plain, able], { stream: true }))).toEqual(['able'])
    for (const feature of ['tools', 'images', 'json_schema'] as const) {
      expect(order(routed([plain, able], { needs: { ...needs, [feature]: true } }))).toEqual(['able'])
    }
  })
})

test('a route has every candidate once, in order of priority, whatever the dice say', () => {
  const anyProvider = fc.record({
    priority: fc.integer({ min: 0, max: 3 }),
    weight: fc.double({ min: 0.01, max: 9, noNaN: true }),
  })
  const dice = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1 })
  fc.assert(
    fc.property(fc.array(anyProvider, { minLength: 1, maxLength: 8 }), dice, (specs, values) => {
      const providers = specs.map((spec, index) => provider(`p${index}`, spec))
      let roll = 0
      const random = (): number => values[(roll += 1) % values.length] ?? 0
      const names = order(routed(providers, { random }))
      const priorities = names.map((name) => providers.find((each) => each.name === name)?.priority ?? -1)
      expect(names.toSorted()).toEqual(providers.map(({ name }) => name).toSorted())
      expect(priorities).toEqual(priorities.toSorted((a, b) => a - b))
    }),
  )
})

describe('an unknown model', () => {
  const providers = [provider('a', { models: ['fast-one', 'fast-two', 'wild-*'] })]

  test('is a 404 that names what there is and what was probably meant', () => {
    const error = errorOf(routed(providers, { model: 'fast-on' }))
    expect(error).toMatchObject({
      kind: 'unknown_model',
      status: 404,
      type: 'invalid_request_error',
      code: 'model_not_found',
      param: 'model',
    })
    expect(error.message).toBe(
      'The model "fast-on" does not exist here. Did you mean "fast-one"? Available: fast-one, fast-two; and names like wild-*.',
    )
    const patterns = [provider('a', { models: ['b-*', 'c*'] }), provider('b', { models: ['b-*'] })]
    expect(errorOf(routed(patterns, { model: 'x' })).message).toContain('Available: names like b-*, c*.')
  })

  test('that a switched-off provider lists: the variable that would enable it', () => {
    const off = [{ name: 'beta', variable: 'BETA_KEY', models: ['big', { id: 'huge-*' }] }]
    expect(errorOf(routed(providers, { model: 'huge-1', off })).message).toContain(
      'Provider "beta" lists it but is off: set BETA_KEY to enable it.',
    )
    const byHand = [{ name: 'beta', variable: null, models: ['big'] }]
    expect(errorOf(routed(providers, { model: 'big', off: byHand })).message).toContain(
      'switched off in the configuration',
    )
  })

  test('lists ten names at most and cuts what the client sent', () => {
    const many = provider('a', { models: Array.from({ length: 25 }, (_, index) => `m${index + 10}`) })
    const { message } = errorOf(routed([many], { model: 'x'.repeat(5_000) }))
    expect(message).toContain(' and 15 more')
    expect(message.length).toBeLessThan(400)
  })

  test('addressed at a provider that is off says how to switch it on', () => {
    const off = [
      { name: 'beta', variable: 'BETA_KEY', models: ['b-1'] },
      { name: 'gamma', variable: null, models: [] },
    ]
    const message = (model: string) => errorOf(routed([provider('a')], { model, off })).message
    expect(message('beta/b-2')).toContain('Provider "beta" is off: set BETA_KEY to enable it.')
    expect(message('gamma/g')).toContain('Provider "gamma" is switched off in the configuration.')
  })

  test('without any provider is still a 404', () => {
    expect(errorOf(routed([]))).toMatchObject({ status: 404, kind: 'unknown_model' })
  })
})

describe('what nobody can do', () => {
  test('an operation that the model lacks is a 501 that names who has it', () => {
    const vectors = provider('vectors', { models: ['v'], operations: new Set(['embeddings']) })
    const error = errorOf(routed([provider('a'), vectors], { operation: 'embeddings' }))
    expect(error).toMatchObject({
      status: 501,
      type: 'not_implemented_error',
      code: 'not_implemented',
      param: 'model',
    })
    expect(error.headers).toEqual({ 'x-should-retry': 'false' })
    expect(error.message).toContain('vectors')
  })

  test('an operation that no provider has is a 501 even for an unknown model', () => {
    expect(errorOf(routed([provider('a')], { operation: 'videos', model: 'nothing' }))).toMatchObject({
      kind: 'unsupported_operation',
      status: 501,
      message: 'No configured provider offers videos.',
    })
  })

  test('an operation that a switched-off provider may have says how to switch it on', () => {
    const off = [{ name: 'native', variable: 'NATIVE_KEY', models: ['n-*'] }]
    const error = errorOf(routed([provider('a')], { operation: 'messages', model: 'n-1', off }))
    expect(error).toMatchObject({ status: 501, code: 'not_implemented' })
    expect(error.message).toBe(
      'No configured provider offers messages. Provider "native" lists it but is off: set NATIVE_KEY to enable it.',
    )
  })

  test('a feature that every deployment lacks is a 501 that names the field', () => {
    const mute = provider('mute', { supports: { streaming: false } })
    expect(errorOf(routed([mute], { stream: true }))).toMatchObject({
      kind: 'unsupported_feature',
      status: 501,
      param: 'stream',
      message: 'The model "m" does not support streaming on mute: leave that out, or ask for another model.',
    })
  })
})
