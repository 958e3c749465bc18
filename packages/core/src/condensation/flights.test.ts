import { expect, onTestFinished, test } from 'vitest'
import { Flights } from './flights.ts'

/** Flights whose works end when the test says so. */
function openFlights() {
  const flights = new Flights<string>()
  const begun: {
    readonly signal: AbortSignal
    readonly resolve: (text: string) => void
    readonly reject: (error: Error) => void
  }[] = []
  const begin = (signal: AbortSignal) =>
    new Promise<string>((resolve, reject) => void begun.push({ signal, resolve, reject }))
  return { flights, begun, join: (key = 'key') => flights.join(key, begin) }
}

/** What nobody has heard of. */
function unheardErrors() {
  const errors: unknown[] = []
  const hear = (error: unknown) => void errors.push(error)
  process.on('unhandledRejection', hear)
  onTestFinished(() => void process.off('unhandledRejection', hear))
  return errors
}

/** Node tells of unheard rejections when all that waits to be run at once has run. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('fifty who want the same at once begin it once, and all get it', async () => {
  const { flights, begun, join } = openFlights()
  const joined = Array.from({ length: 50 }, () => join())
  const other = join('another key')
  expect(begun).toHaveLength(2)
  expect(joined.map(({ shared }) => shared)).toEqual([false, ...Array.from({ length: 49 }, () => true)])
  expect(other.shared).toBe(false)
  // All but one have left: it goes on for the last.
  for (const each of joined.slice(0, 49)) each.leave()
  expect(begun[0]!.signal.aborted).toBe(false)
  begun[0]!.resolve('done')
  begun[1]!.resolve('another')
  expect(await Promise.all(joined.map(({ result }) => result))).toEqual(joined.map(() => 'done'))
  expect(await other.result).toBe('another')
  expect(flights.size).toBe(0)
  joined[49]!.leave()
  expect(begun[0]!.signal.aborted).toBe(false)
})

test('when the last one leaves it is aborted, and who comes then begins anew', async () => {
  const errors = unheardErrors()
  const { flights, begun, join } = openFlights()
  const [first, second] = [join(), join()]
  first.leave()
  // Again is the same as once: the second still waits.
  first.leave()
  expect(begun[0]!.signal.aborted).toBe(false)
  second.leave()
  expect([begun[0]!.signal.aborted, flights.size]).toEqual([true, 0])
  const third = join()
  expect([begun.length, third.shared]).toEqual([2, false])
  // One that ends after it was aborted takes nothing away from the one that came after it.
  begun[0]!.reject(new Error('aborted'))
  await settled()
  expect(flights.size).toBe(1)
  second.leave()
  expect([join().shared, begun[1]!.signal.aborted]).toEqual([true, false])
  begun[1]!.resolve('anew')
  expect(await third.result).toBe('anew')
  expect(errors).toEqual([])
})

test('one that fails is not kept: everybody who waited hears it, and whoever tries again at once begins anew', async () => {
  const errors = unheardErrors()
  const { begun, join } = openFlights()
  const [first, second] = [join(), join()]
  const again = first.result.then(
    () => undefined,
    () => join(),
  )
  begun[0]!.reject(new Error('no summary'))
  await expect(second.result).rejects.toThrow('no summary')
  expect([(await again)?.shared, begun.length]).toEqual([false, 2])
  first.leave()
  second.leave()
  expect(begun[1]!.signal.aborted).toBe(false)
  begun[1]!.reject(new Error('nobody listens'))
  await settled()
  expect(errors).toEqual([])
})

test('one that ended well is not kept either', async () => {
  const { begun, join } = openFlights()
  const first = join()
  begun[0]!.resolve('one')
  await first.result
  expect([join().shared, begun.length]).toEqual([false, 2])
})

test('work that throws before it promises anything fails as any other does', async () => {
  const errors = unheardErrors()
  const flights = new Flights<string>()
  const flight = flights.join('key', () => {
    throw new Error('at once')
  })
  await expect(flight.result).rejects.toThrow('at once')
  expect(flights.size).toBe(0)
  await settled()
  expect(errors).toEqual([])
})

test('who may only wait along finds nobody, or waits as one of them', async () => {
  const { flights, join, begun } = openFlights()
  expect([flights.joinKnown('a'), flights.has('a')]).toEqual([undefined, false])
  const first = join('a')
  const second = flights.joinKnown('a')!
  expect([second.shared, flights.has('a'), flights.has('b')]).toEqual([true, true, false])
  first.leave()
  expect(begun[0]!.signal.aborted).toBe(false)
  begun[0]!.resolve('done')
  expect(await second.result).toBe('done')
})
