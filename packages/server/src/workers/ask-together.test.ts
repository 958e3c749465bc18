import { expect, test } from 'vitest'
import { askTogether } from './ask-together.ts'

/** Questions that wait for `answer()`. */
function asked() {
  const waiting: PromiseWithResolvers<number>[] = []
  let count = 0
  const together = askTogether(() => {
    const question = Promise.withResolvers<number>()
    waiting.push(question)
    count += 1
    return question.promise
  })
  return { together, waiting, count: () => count }
}

test('who comes while a question is on its way shares the next one, and nobody gets what was asked before', async () => {
  const { together, waiting, count } = asked()
  const first = together()
  const later = Array.from({ length: 50 }, () => together())
  expect(count()).toBe(1)
  waiting[0]!.resolve(1)
  expect(await first).toBe(1)
  await expect.poll(count).toBe(2)
  const last = together()
  waiting[1]!.resolve(2)
  expect(new Set(await Promise.all(later))).toEqual(new Set([2]))
  await expect.poll(count).toBe(3)
  waiting[2]!.resolve(3)
  expect(await last).toBe(3)
  void together()
  expect(count()).toBe(4)
})

test('a question that fails keeps nobody from asking again', async () => {
  const { together, waiting, count } = asked()
  const [first, second] = [together(), together()]
  waiting[0]!.reject(new Error('gone'))
  await expect(first).rejects.toThrow('gone')
  await expect.poll(count).toBe(2)
  waiting[1]!.resolve(2)
  expect(await second).toBe(2)
})
