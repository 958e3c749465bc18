import { expect, test } from 'vitest'
import { tokenizer } from './tokenizer.ts'

const text = 'Context windows are finite: 上下文窗口是有限的。'

async function count(model: string, counted = text): Promise<number | undefined> {
  return (await tokenizer(model))?.(counted)
}

test.each([
  'gpt-4o',
  'gpt-4o-mini-2024-07-18',
  'gpt-4.1-nano',
  'gpt-5',
  'gpt-5.2-pro',
  'gpt-10-mini',
  'gpt-oss-20b',
  'chatgpt-4o-latest',
  'o1',
  'o3-mini',
  'o4-mini-2025-04-16',
  'ft:gpt-4o-mini-2024-07-18:acme::abc',
])('%s cuts texts as models of today do', async (model) => {
  expect(await count(model)).toBe(13)
})

test.each([
  'gpt-4',
  'gpt-4-0613',
  'gpt-4-turbo',
  'gpt-3.5-turbo',
  'gpt-35-turbo-16k',
  'gpt-3.5-turbo-instruct',
  'ft:gpt-3.5-turbo:acme::abc',
  'davinci-002',
])('%s cuts texts as older models do', async (model) => {
  expect(await count(model)).toBe(16)
})

test.each(['', 'claude-sonnet-4-5', 'my-gpt-4o', 'gpt-3', 'gpt-4x', 'o', 'open', 'llama3', 'dall-e-3'])(
  '“%s” is no model that is known',
  (model) => {
    expect(tokenizer(model)).toBeUndefined()
  },
)

test.each([
  ['control words', '<|endoftext|> and <|im_start|>system<|im_end|>', 21],
  ['nothing', '', 0],
  ['half a character', 'a\ud800b', 3],
  ['a character of many', '👨‍👩‍👧‍👦', 11],
])('%s: counted as text', async (_name, counted, tokens) => {
  expect(await count('gpt-4o', counted)).toBe(tokens)
})

test('nothing of what clients have written is kept', async () => {
  await count('gpt-4o')
  const { default: encoding } = await import('gpt-tokenizer/encoding/o200k_base')
  const { bytePairEncodingCoreProcessor } = encoding as unknown as Record<string, { mergeCache?: unknown }>
  expect(bytePairEncodingCoreProcessor).toMatchObject({ mergeCacheSize: 0 })
  expect(bytePairEncodingCoreProcessor?.mergeCache).toBeUndefined()
})
