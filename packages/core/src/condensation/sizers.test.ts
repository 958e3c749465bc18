import type { Provider, TokenCounter } from '@llmproxy/provider-kit'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { never } from '../../test/toy-gateway.ts'
import type { LiveProvider } from '../live-provider.ts'
import { charSizer } from './sizer.ts'
import { Sizers, type TokenizerFailure } from './sizers.ts'

type Tokenizer = Provider['tokenizer']

/** What sizers look at, of a provider whose plugin may be anything. */
function live(tokenizer: unknown, config: object = {}): LiveProvider {
  return { name: 'toy', config, provider: { tokenizer } } as unknown as LiveProvider
}

function opened() {
  const clock = new ManualClock()
  const failures: TokenizerFailure[] = []
  return { clock, failures, sizers: new Sizers({ clock, failed: (failure) => void failures.push(failure) }) }
}

const characters: TokenCounter = (text) => text.length

test('bytes are counted until the tokenizer is there, and nobody waits for it', async () => {
  const { sizers, failures } = opened()
  const toy = live(() => Promise.resolve(characters))
  const first = sizers.of(toy, 'm')
  expect([first, first.tokens('abcdefgh')]).toEqual([charSizer, 2])
  await turn()
  const second = sizers.of(toy, 'm')
  expect([second.exact, second.tokens('abcdefgh'), first.tokens('abcdefgh')]).toEqual([true, 8, 2])
  expect(failures).toEqual([])
})

test('each model is asked for once, by the name that is sent upstream', async () => {
  const asked: string[] = []
  const { sizers } = opened()
  const toy = live((model: string) => {
    asked.push(model)
    return model === 'none' ? undefined : Promise.resolve(model === 'late' ? undefined : characters)
  })
  sizers.prepare(toy, ['m', 'none', 'late', 'm'])
  await turn()
  for (const model of ['m', 'none', 'late']) sizers.of(toy, model)
  expect(asked).toEqual(['m', 'none', 'late'])
  expect(['m', 'none', 'late'].map((model) => sizers.of(toy, model).exact)).toEqual([true, false, false])
})

test('with several keys the tokenizer is loaded once, after a reload again', async () => {
  let loads = 0
  const { sizers } = opened()
  const tokenizer: Tokenizer = () => Promise.resolve((loads++, characters))
  const first = live(tokenizer)
  sizers.of(first, 'm')
  sizers.of({ ...first, provider: { ...first.provider } }, 'm')
  expect(loads).toBe(1)
  sizers.of(live(tokenizer), 'm')
  expect(loads).toBe(2)
})

test('a provider without tokenizers counts bytes', () => {
  const { sizers } = opened()
  expect(sizers.of(live(undefined), 'm')).toBe(charSizer)
})

test.each<[string, unknown, string]>([
  ['rejects', () => Promise.reject(new Error('no file')), 'it could not be loaded: no file'],
  ['rejects with anything', () => Promise.reject({}), 'it could not be loaded: an unexpected error'],
  [
    'throws',
    () => {
      throw new Error('at once')
    },
    'it could not be loaded: at once',
  ],
  ['is no function', 7, 'it could not be loaded: live.provider.tokenizer is not a function'],
  ['gives no function', () => Promise.resolve(7), 'it is no function but number'],
  ['gives NaN', () => Promise.resolve(() => Number.NaN), 'it gave NaN for a number of tokens'],
  ['gives less than nothing', () => Promise.resolve(() => -1), 'it gave -1 for a number of tokens'],
  ['gives a text', () => Promise.resolve(() => '3'), 'it gave string for a number of tokens'],
])('a tokenizer that %s is as good as none, and told once', async (_name, tokenizer, problem) => {
  const { sizers, failures } = opened()
  const toy = live(tokenizer)
  sizers.prepare(toy, ['m', 'n'])
  await turn()
  for (const model of ['m', 'n', 'm']) {
    expect(sizers.of(toy, model)).toBe(charSizer)
    await turn()
  }
  expect(failures).toEqual([{ provider: 'toy', model: 'm', problem: expect.stringContaining(problem) }])
})

test('a tokenizer that never comes is as good as none after half a minute, even if it comes then', async () => {
  const { sizers, failures, clock } = opened()
  const { promise, resolve } = Promise.withResolvers<TokenCounter>()
  const toy = live((model: string) => (model === 'late' ? promise : never))
  sizers.prepare(toy, ['late', 'm'])
  clock.advance(29_999)
  expect(failures).toEqual([])
  clock.advance(1)
  expect(failures).toEqual([{ provider: 'toy', model: 'late', problem: 'it was not loaded within 30 s' }])
  resolve(characters)
  await turn()
  expect(sizers.of(toy, 'late')).toBe(charSizer)
})

test.each<[string, (text: string, clock: ManualClock) => number, string]>([
  [
    'throws with the text in the message',
    (text) => {
      throw new Error(`unknown: ${text}`)
    },
    'it threw an error',
  ],
  ['gives nonsense', () => Infinity, 'it gave Infinity for a number of tokens'],
  ['takes too long', (text, clock) => (clock.advance(400), text.length), 'it took more than 1 s'],
])('a tokenizer that %s while it counts is not used any more', async (_name, count, problem) => {
  const { sizers, failures, clock } = opened()
  let calls = 0
  const toy = live(() =>
    Promise.resolve((text: string) => {
      calls += 1
      return text.includes('secret') ? count(text, clock) : text.length
    }),
  )
  sizers.of(toy, 'm')
  await turn()
  const sizer = sizers.of(toy, 'm')
  expect(sizer.tokens('fine')).toBe(4)
  const long = 'secret '.repeat(2_000)
  expect(sizer.tokens(long)).toBe(charSizer.tokens(long))
  const before = calls
  expect(sizer.tokens('fine!')).toBe(2)
  expect([calls, sizers.of(toy, 'm')]).toEqual([before, charSizer])
  await turn()
  expect(sizers.of(toy, 'm')).toBe(charSizer)
  expect(failures).toEqual([{ provider: 'toy', model: 'm', problem }])
})

test('names that clients make up do not add up', async () => {
  const { sizers } = opened()
  let loads = 0
  const toy = live(() => Promise.resolve((loads++, characters)))
  for (let index = 0; index < 1_000; index++) sizers.of(toy, `m${index}`)
  await turn()
  expect(loads).toBe(1_000)
  expect(sizers.of(toy, 'm999').exact).toBe(true)
  expect(sizers.of(toy, 'm743').exact).toBe(false)
  expect(loads).toBe(1_001)
})
