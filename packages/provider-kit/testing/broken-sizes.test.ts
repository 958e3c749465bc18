import type { ModelList, Provider } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { bindCheck, type ConformanceError } from './check.ts'
import { sizeChecks } from './checks/sizes.ts'
import { withProvider } from './example/broken-toy.ts'
import { type Fixtures, loadFixtures, type TokenizerFixture } from './index.ts'

const fixtures = await loadFixtures(new URL('./example/fixtures/', import.meta.url))

const windowCheck = 'models.windows() tells what models.json says'
const tokenizerCheck = 'tokenizer() counts what tokenizer.json says, and whatever else stands in a text'

const list: ModelList = {
  request: () => ({ method: 'GET', path: '/models' }),
  response: () => ['small', 'large'],
}

function withWindows(windows: unknown, golden?: Readonly<Record<string, number>>): [object, Fixtures] {
  const models = {
    request: { path: '/models' },
    response: { room: 8_192 },
    models: ['small', 'large'],
    ...(golden && { windows: golden }),
  }
  return [{ models: { ...list, ...(windows !== undefined && { windows }) } }, { ...fixtures, models }]
}

async function failed([members, given]: [object, Fixtures]): Promise<Map<string, string>> {
  const plugin = withProvider((own: Provider) => ({ ...own, ...members }))
  const found = new Map<string, string>()
  for (const definition of sizeChecks) {
    const check = bindCheck(definition, { plugin, fixtures: given, redirect: (options) => options })
    await check.run().catch((error: ConformanceError) => found.set(check.name, error.message))
  }
  return found
}

test.each<[string, [object, Fixtures], string]>([
  ['tells of none that are in the fixture', withWindows(undefined, { small: 1 }), 'has no models.windows()'],
  [
    'has no golden',
    withWindows(() => ({ small: 8_192 })),
    'models.json: windows is missing; found {"small":8192}',
  ],
  [
    'tells of others',
    withWindows(() => ({ small: 4_096 }), { small: 8_192 }),
    'models.json: windows.small: expected 8192, found 4096',
  ],
  [
    'tells of none in numbers',
    withWindows(() => ({ small: '8192', large: 0 }), {}),
    'models.windows(): small: "8192" is no window',
  ],
  [
    'stumbles',
    withWindows((body: { data: object[] }) => ({ small: body.data.length }), {}),
    'models.windows() threw TypeError',
  ],
])('a list of models that %s fails', async (_name, given, message) => {
  expect((await failed(given)).get(windowCheck)).toContain(message)
})

test('windows as models.json has them pass, and so does a list without any', async () => {
  const good = await failed(withWindows((body: { room: number }) => ({ small: body.room }), { small: 8_192 }))
  expect([...good.keys()]).toEqual([])
  expect([...(await failed(withWindows(undefined))).keys()]).toEqual([])
})

const golden: readonly TokenizerFixture[] = [
  { model: 'small', text: 'two words', tokens: 9 },
  { model: 'other', tokens: null },
]

function withTokenizer(
  count: unknown,
  tokenizer: readonly TokenizerFixture[] | undefined = golden,
): [object, Fixtures] {
  const given = { ...fixtures, ...(tokenizer.length > 0 && { tokenizer }) }
  return [{ tokenizer: (model: string) => (model === 'small' ? Promise.resolve(count) : undefined) }, given]
}

let runs = 0

test.each<[string, [object, Fixtures], string]>([
  ['has no golden', withTokenizer((text: string) => text.length, []), 'tokenizer.json is missing'],
  [
    'has a golden for no text',
    withTokenizer((text: string) => text.length, [{ model: 'other', tokens: null }]),
    'has no counted text',
  ],
  [
    'is not there',
    [{}, { ...fixtures, tokenizer: golden }],
    'tokenizer.json: the provider has no tokenizer()',
  ],
  ['counts otherwise', withTokenizer(() => 2), 'tokenizer.json[0]: tokens: expected 9, found 2'],
  [
    'knows a model that it should not know',
    withTokenizer((text: string) => text.length, [...golden, { model: 'small', tokens: null }]),
    'tokenizer.json[2]: small has a tokenizer',
  ],
  [
    'does not know a model',
    withTokenizer((text: string) => text.length, [...golden, { model: 'large', tokens: 0 }]),
    'tokenizer.json[2]: large has no tokenizer',
  ],
  ['gives no function', withTokenizer(5), 'tokenizer("small") gave 5; give a function or undefined'],
  [
    'rejects',
    [{ tokenizer: () => Promise.reject(new Error('no file')) }, { ...fixtures, tokenizer: golden }],
    'tokenizer("small") threw Error: no file',
  ],
  [
    'stumbles over control words',
    withTokenizer((text: string) => {
      if (text.includes('<|endoftext|>')) throw new Error('special token')
      return text.length
    }),
    'threw Error: special token',
  ],
  [
    'has no number for an empty text',
    withTokenizer((text: string) => (text === '' ? Number.NaN : text.length)),
    'the count of "" (0 characters) is NaN',
  ],
  [
    'counts another way the second time',
    withTokenizer((text: string) => (text === 'two words' ? 9 : (runs += 1))),
    'is another one the second time',
  ],
])('a tokenizer that %s fails', async (_name, given, message) => {
  expect((await failed(given)).get(tokenizerCheck)).toContain(message)
})

test('a tokenizer that counts as tokenizer.json says passes', async () => {
  expect([...(await failed(withTokenizer((text: string) => text.length))).keys()]).toEqual([])
})

test('a tokenizer that takes its time for what has no spaces is told', async () => {
  const slow = withTokenizer((text: string) => {
    const until = performance.now() + (text === 'a'.repeat(512) ? 260 : 0)
    while (performance.now() < until);
    return text.length
  })
  expect((await failed(slow)).get(tokenizerCheck)).toMatch(/\(512 characters\) takes \d\d\d ms/)
})
