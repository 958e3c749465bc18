import { expect, test } from 'vitest'
import { isTooLong } from './preflight.ts'

interface Request {
  readonly bytes: number
  /** By bytes, and by the model's tokenizer. */
  readonly roughly?: number
  readonly total?: number
  readonly window?: number | undefined
  readonly stream?: boolean
}

/** What it says, and how much it had to measure for that. */
function judged({ bytes, roughly = bytes / 4, total = roughly, stream = false, ...rest }: Request) {
  const window = 'window' in rest ? rest.window : 1_000
  const measured: string[] = []
  const noted = (what: string, value: unknown) => () => (measured.push(what), value)
  const measures = {
    windowOf: () => window,
    roughly: noted('roughly', roughly),
    of: noted('exactly', { total }),
  }
  const condensation = { enabled: true, streaming: false, preflight: true, preflight_share: 0.9 }
  const ingress = { operation: 'chat', body: { messages: [] }, headers: {}, bytes: Buffer.alloc(bytes) }
  const serving = { snapshot: { config: { condensation } }, targets: [{}] }
  const result = isTooLong({ stream, ingress } as never, serving as never, { measures } as never)
  return [result, ...measured]
}

test('a request that has less bytes than it may have tokens is not even measured', () => {
  expect(judged({ bytes: 899 })).toEqual([false])
})

test('one that is far from the limit by its bytes is not measured by a tokenizer', () => {
  expect(judged({ bytes: 1_196 })).toEqual([false, 'roughly'])
})

test('all others are, and the limit counts', () => {
  expect(judged({ bytes: 4_000, total: 899 })).toEqual([false, 'roughly', 'exactly'])
  expect(judged({ bytes: 4_000, total: 900 })).toEqual([true, 'roughly', 'exactly'])
  expect(judged({ bytes: 1_800, total: 901 })).toEqual([true, 'roughly', 'exactly'])
})

test('nobody knows whether one fits a window that nobody knows', () => {
  expect(judged({ bytes: 100_000, window: undefined })).toEqual([false])
})

test('what is not to be condensed is not looked at', () => {
  expect(judged({ bytes: 100_000, stream: true })).toEqual([false])
})
