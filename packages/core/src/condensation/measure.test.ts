import { expect, test } from 'vitest'
import type { TokenNumbers } from '@llmproxy/provider-kit'
import type { IngressBody } from '../ingress/ingress.ts'
import { answerRoom, measure } from './measure.ts'
import { charSizer } from './sizer.ts'

const body = (members: object = {}): IngressBody => ({ model: 'm', ...members })

/** A prompt of about 1000 tokens. */
const text = 'abcd'.repeat(1000)

function measured(numbers?: TokenNumbers, members: object = {}, window?: number) {
  const refused = numbers && { numbers, smallest: undefined }
  const sizeOf = (sizer: { tokens(text: string): number }) => sizer.tokens(text)
  return measure({ body: body(members), sizeOf, window, refused, sizer: charSizer })
}

test.each<[what: string, refused: TokenNumbers | undefined, total: number]>([
  ['not asked yet: as estimated', undefined, 1000],
  ['without a number: as estimated', {}, 1000],
  ['the prompt was counted', { limit: 2000, input: 3000, requested: 3000 }, 3000],
  ['prompt and answer were counted apart', { limit: 4000, input: 1500, output: 3000, requested: 4500 }, 1500],
  ['both were counted together', { limit: 4000, requested: 4500 }, 4500],
  ['only the limit is told: it is above that', { limit: 4000 }, 4000],
  ['the limit is below the estimate', { limit: 500 }, 1000],
  ['limit and answer are told: prompt and answer are above it', { limit: 4000, output: 2500 }, 1500],
  ['numbers that cannot be those of this prompt are believed in part', { limit: 1, input: 1_000_000 }, 8000],
  ['the same downwards', { limit: 1, input: 2 }, 200],
])('%s', (_, refused, total) => {
  const { total: found, sizer } = measured(refused)
  expect(found).toBe(total)
  expect(sizer.tokens(text)).toBe(total)
})

test('another form of the request was refused: its numbers tell how tokens are counted', () => {
  const sizeOf = (sizer: { tokens(text: string): number }) => sizer.tokens(text)
  const refused = { numbers: { limit: 400, input: 1000 }, sizeOf: () => 500, smallest: undefined }
  expect(measure({ body: body(), sizeOf, window: undefined, refused, sizer: charSizer }).total).toBe(2000)
})

test('nobody tells of the window: it is not above the smallest request that was refused', () => {
  const sizeOf = () => 1000
  const window = (smallest: number) =>
    measure({ body: body(), sizeOf, window: undefined, refused: { numbers: {}, smallest }, sizer: charSizer })
      .window
  expect([window(600), window(1000), window(2000)]).toEqual([600, undefined, undefined])
  expect(window(9)).toBeUndefined()
})

test('definitions of tools are a part of the prompt that stays', () => {
  const { fixed, total } = measured(undefined, { tools: [{ name: 'x'.repeat(400) }] })
  expect(fixed).toBeGreaterThan(100)
  expect(total).toBe(1000 + fixed)
})

test('the smaller window counts: the known one, or that of the error', () => {
  expect(measured({ limit: 2000 }, {}, 3000).window).toBe(2000)
  expect(measured({ limit: 4000 }, {}, 3000).window).toBe(3000)
  expect(measured({}, {}, 3000).window).toBe(3000)
  expect(measured({ limit: 1 }, {}, 3000).window).toBe(3000)
  expect(measured({})).toMatchObject({ window: undefined, room: undefined })
})

test('the answer has its room, at most half of the window', () => {
  expect(answerRoom(body({ max_tokens: 100 }), 1000)).toBe(100)
  expect(answerRoom(body({ max_completion_tokens: 200, max_tokens: 100 }), 1000)).toBe(200)
  expect(answerRoom(body({ max_tokens: 5000 }), 1000)).toBe(500)
  expect(answerRoom(body(), 1000)).toBe(250)
  expect(answerRoom(body(), 100_000)).toBe(1024)
  expect(measured({}, { max_tokens: 1000 }, 5000).room).toBe(3800)
})
