import { describe, expect, test } from 'vitest'
import { asksForNothing, chatParameters } from './chat-parameters.ts'
import type { Call } from './contract.ts'
import { ProviderFault } from './fault.ts'
import {
  clamped,
  everyParameter,
  parameterMembers,
  parameterPatch,
  type ParameterRules,
  tokenLimit,
} from './parameter-rules.ts'
import type { ChatRequest } from './wire.ts'

function call(body: Readonly<Record<string, unknown>>) {
  const dropped: string[] = []
  const request: Call<ChatRequest> = {
    id: 'abc',
    created: 7,
    model: 'upstream-model',
    stream: false,
    headers: {},
    body: Object.freeze({ model: 'm', messages: [], ...body }),
    dropped: (field) => dropped.push(field),
  }
  return { request, dropped }
}

/** Members and patch of a body, and what each of them reported. */
function both(body: Readonly<Record<string, unknown>>, rules: ParameterRules) {
  const one = call(body)
  const two = call(body)
  return {
    members: parameterMembers(one.request, rules),
    patch: parameterPatch(two.request, rules),
    dropped: one.dropped,
    patchDropped: two.dropped,
  }
}

const forwarding: ParameterRules = everyParameter
const rulesWith = (rules: Partial<ParameterRules>): ParameterRules =>
  ({ ...forwarding, ...rules }) as ParameterRules

describe('a parameter is', () => {
  test('forwarded', () => {
    expect(both({ temperature: 0.5, seed: 0, strange: [1] }, forwarding)).toEqual({
      members: { temperature: 0.5, seed: 0, strange: [1] },
      patch: undefined,
      dropped: [],
      patchDropped: [],
    })
  })

  test('dropped and reported', () => {
    const rules = rulesWith({ seed: 'drop', '*': 'drop' })
    expect(both({ seed: 0, strange: 1, temperature: 1 }, rules)).toEqual({
      members: { temperature: 1 },
      patch: { seed: undefined, strange: undefined },
      dropped: ['seed', 'strange'],
      patchDropped: ['seed', 'strange'],
    })
  })

  test('renamed', () => {
    expect(both({ stop: ['a'] }, rulesWith({ stop: { to: 'stop_sequences' } }))).toEqual({
      members: { stop_sequences: ['a'] },
      patch: { stop_sequences: ['a'], stop: undefined },
      dropped: [],
      patchDropped: [],
    })
  })

  test('refused by its name', () => {
    for (const build of [parameterMembers, parameterPatch]) {
      const { request, dropped } = call({ logit_bias: { 1: 2 } })
      let thrown: unknown
      try {
        build(request, rulesWith({ logit_bias: 'refuse' }))
      } catch (error) {
        thrown = error
      }
      expect(ProviderFault.is(thrown) && thrown.fault).toEqual({
        kind: 'invalid_request',
        message: 'logit_bias is not supported by this provider: leave it out, or ask for another model',
        param: 'logit_bias',
        code: 'unsupported_parameter',
      })
      expect(dropped).toEqual([])
    }
  })

  test('mapped by a function: to other members, to none, or dropped', () => {
    const rules = rulesWith({
      reasoning_effort: (value) => (value === 'none' ? {} : { thinking: { effort: value } }),
      verbosity: () => undefined,
    })
    expect(both({ reasoning_effort: 'high', verbosity: 'low' }, rules)).toEqual({
      members: { thinking: { effort: 'high' } },
      patch: { thinking: { effort: 'high' }, reasoning_effort: undefined, verbosity: undefined },
      dropped: ['verbosity'],
      patchDropped: ['verbosity'],
    })
    expect(both({ reasoning_effort: 'none' }, rules)).toMatchObject({ members: {}, dropped: [] })
  })

  test('kept out of the patch when the function changes nothing', () => {
    const same = rulesWith({ temperature: (value) => ({ temperature: value }) })
    expect(parameterPatch(call({ temperature: 1 }).request, same)).toBeUndefined()
  })

  test('told apart from the names that every object inherits', () => {
    const rules = rulesWith({ '*': 'drop' })
    const body = JSON.parse('{"constructor":1,"toString":2}') as Record<string, unknown>
    expect(both(body, rules).dropped).toEqual(['constructor', 'toString'])
  })
})

describe('what asks for nothing', () => {
  const nothing = Object.entries(chatParameters).filter(([, value]) => value !== undefined)

  test.each(nothing)('%s is left out in silence, whatever the rule', (name, value) => {
    for (const rule of ['drop', 'refuse'] as const) {
      expect(both({ [name]: value }, rulesWith({ [name]: rule }))).toEqual({
        members: {},
        patch: { [name]: undefined },
        dropped: [],
        patchDropped: [],
      })
    }
    expect(asksForNothing(name, value)).toBe(true)
  })

  test.each(Object.keys(chatParameters))('%s: null is no parameter', (name) => {
    for (const rule of ['drop', 'refuse'] as const)
      expect(both({ [name]: null }, rulesWith({ [name]: rule }))).toMatchObject({
        members: {},
        dropped: [],
        patchDropped: [],
      })
    expect(asksForNothing(name, null)).toBe(true)
    expect(asksForNothing(name, undefined)).toBe(true)
  })

  test('is not what looks alike', () => {
    expect(asksForNothing('n', 2)).toBe(false)
    expect(asksForNothing('n', '1')).toBe(false)
    expect(asksForNothing('tool_choice', 'required')).toBe(false)
    expect(asksForNothing('temperature', 1)).toBe(false)
    expect(asksForNothing('strange', false)).toBe(false)
    expect(asksForNothing('response_format', { type: 'json_object' })).toBe(false)
  })
})

test('model, messages, stream and stream_options are no parameters', () => {
  const body = { model: 'm', messages: [1], stream: true, stream_options: { include_usage: true } }
  const rules = Object.fromEntries([...Object.keys(chatParameters), '*'].map((name) => [name, 'drop']))
  expect(both(body, rules as ParameterRules)).toEqual({
    members: {},
    patch: undefined,
    dropped: [],
    patchDropped: [],
  })
})

describe('tokenLimit()', () => {
  const rules = rulesWith(tokenLimit('limit'))

  test.each([
    [{ max_tokens: 5 }, { limit: 5 }, []],
    [{ max_completion_tokens: 5 }, { limit: 5 }, []],
    [{ max_tokens: 5, max_completion_tokens: 9 }, { limit: 9 }, ['max_tokens']],
    [{ max_completion_tokens: 9, max_tokens: 5 }, { limit: 9 }, ['max_tokens']],
    [{ max_tokens: 9, max_completion_tokens: 9 }, { limit: 9 }, []],
    [{ max_tokens: 5, max_completion_tokens: null }, { limit: 5 }, []],
    [{ max_tokens: null, max_completion_tokens: 9 }, { limit: 9 }, []],
    [{ max_tokens: null }, {}, []],
  ])('%j becomes %j', (body, members, dropped) => {
    expect(both(body, rules)).toMatchObject({ members, dropped, patchDropped: dropped })
  })

  test('under a name of the format leaves the client’s own bytes alone', () => {
    expect(
      parameterPatch(call({ max_tokens: 5 }).request, rulesWith(tokenLimit('max_tokens'))),
    ).toBeUndefined()
    expect(
      parameterPatch(call({ max_completion_tokens: 5 }).request, rulesWith(tokenLimit('max_tokens'))),
    ).toEqual({ max_tokens: 5, max_completion_tokens: undefined })
    expect(
      parameterPatch(
        call({ max_tokens: 5, max_completion_tokens: 9 }).request,
        rulesWith(tokenLimit('max_tokens')),
      ),
    ).toEqual({ max_tokens: 9, max_completion_tokens: undefined })
  })

  test('raises what is below the minimum, and reports it', () => {
    const least = rulesWith(tokenLimit('max_tokens', 16))
    expect(both({ max_completion_tokens: 3 }, least)).toMatchObject({
      members: { max_tokens: 16 },
      dropped: ['max_completion_tokens'],
    })
    expect(both({ max_tokens: 3 }, least)).toMatchObject({
      members: { max_tokens: 16 },
      patch: { max_tokens: 16 },
      dropped: ['max_tokens'],
    })
    expect(both({ max_tokens: 16 }, least)).toMatchObject({ patch: undefined, dropped: [] })
  })
})

describe('clamped()', () => {
  const rules = rulesWith({
    temperature: clamped('temperature', 0, 1),
    top_p: clamped('top_p', 0.01, 0.99, 'p'),
  })

  test.each([
    [{ temperature: 0.5 }, { temperature: 0.5 }, []],
    [{ temperature: 1.5 }, { temperature: 1 }, ['temperature']],
    [{ temperature: -1 }, { temperature: 0 }, ['temperature']],
    [{ temperature: 'warm' }, { temperature: 'warm' }, []],
    [{ top_p: 1 }, { p: 0.99 }, ['top_p']],
    [{ top_p: 0.5 }, { p: 0.5 }, []],
  ])('%j becomes %j', (body, members, dropped) => {
    expect(both(body, rules)).toMatchObject({ members, dropped, patchDropped: dropped })
  })
})

test('parallel_tool_calls of everyParameter stays beside tools only', () => {
  const tools = [{ type: 'function', function: { name: 'f' } }]
  expect(both({ tools, parallel_tool_calls: false }, everyParameter)).toMatchObject({
    patch: undefined,
    dropped: [],
  })
  expect(both({ parallel_tool_calls: false }, everyParameter).dropped).toEqual(['parallel_tool_calls'])
  expect(both({ parallel_tool_calls: true }, everyParameter)).toMatchObject({
    patch: { parallel_tool_calls: undefined },
    dropped: [],
  })
})
