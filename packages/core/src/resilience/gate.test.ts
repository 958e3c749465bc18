import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { Gate, type GateResult } from './gate.ts'

function gateOf(limit: number, timeoutMs = 1_000) {
  const clock = new ManualClock()
  return { clock, gate: new Gate(limit, timeoutMs, clock) }
}

describe('a gate', () => {
  test('lets in as many as its limit, without waiting', () => {
    const { gate } = gateOf(2)
    expect([gate.tryAcquire(), gate.tryAcquire(), gate.tryAcquire()]).toEqual([true, true, false])
    expect(gate.inFlight).toBe(2)
    gate.release()
    expect(gate.tryAcquire()).toBe(true)
  })

  test('serves those who wait in the order in which they came', async () => {
    const { gate } = gateOf(1)
    gate.tryAcquire()
    const order: number[] = []
    const waits = [1, 2, 3].map(async (name) => {
      expect(await gate.wait()).toBe('acquired')
      order.push(name)
    })
    expect(gate.queued).toBe(3)
    for (const _ of waits) gate.release()
    await Promise.all(waits)
    expect(order).toEqual([1, 2, 3])
    expect(gate.inFlight).toBe(1)
  })

  test('lets no newcomer overtake the queue', () => {
    const { gate, clock } = gateOf(1)
    gate.tryAcquire()
    void gate.wait()
    gate.release()
    expect(gate.tryAcquire()).toBe(false)
    expect(gate.inFlight).toBe(1)
    expect(clock.pending).toBe(0)
  })

  test('turns away at the queue timeout, and at once when that is 0', async () => {
    const { gate, clock } = gateOf(1)
    gate.tryAcquire()
    const wait = gate.wait()
    clock.advance(1_000)
    expect(await wait).toBe('timeout')
    expect(gate.queued).toBe(0)
    gate.configure(1, 0)
    expect(await gate.wait()).toBe('timeout')
  })

  test('forgets a cancelled wait and its timer', async () => {
    const { gate, clock } = gateOf(1)
    gate.tryAcquire()
    let cancel = (): void => undefined
    const wait = gate.wait((given) => (cancel = given))
    cancel()
    cancel()
    expect(await wait).toBe('cancelled')
    expect([gate.queued, clock.pending]).toEqual([0, 0])
    gate.release()
    expect(gate.inFlight).toBe(0)
  })

  test('a cancel after the slot was handed over changes nothing: the slot must be released', async () => {
    const { gate } = gateOf(1)
    gate.tryAcquire()
    let cancel = (): void => undefined
    const wait = gate.wait((given) => (cancel = given))
    gate.release()
    cancel()
    expect(await wait).toBe('acquired')
    expect(gate.inFlight).toBe(1)
  })

  test('a wait may be cancelled while it is set up', async () => {
    const { gate, clock } = gateOf(1)
    gate.tryAcquire()
    expect(await gate.wait((cancel) => cancel())).toBe('cancelled')
    expect(clock.pending).toBe(0)
  })

  test('a higher limit admits those who wait; a lower one only slows down', async () => {
    const { gate } = gateOf(1)
    gate.tryAcquire()
    const wait = gate.wait()
    gate.configure(2, 1_000)
    expect(await wait).toBe('acquired')
    gate.configure(1, 1_000)
    expect(gate.inFlight).toBe(2)
    gate.release()
    expect(gate.tryAcquire()).toBe(false)
  })

  test('refuses a release that nobody owns', () => {
    expect(() => gateOf(1).gate.release()).toThrow('nobody held')
  })
})

test('no interleaving of arrivals, cancels, timeouts and releases leaks a slot or exceeds the limit', async () => {
  const step = fc.record({
    do: fc.constantFrom('enter', 'enter', 'leave', 'leave', 'cancel', 'time'),
    which: fc.nat(),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(step, { maxLength: 80 }),
      async (limit, steps) => {
        const { gate, clock } = gateOf(limit, 100)
        let holders = 0
        const waits: { cancel: () => void; result: Promise<GateResult> }[] = []
        const enter = (): void => {
          if (gate.tryAcquire()) return void (holders += 1)
          let cancel = (): void => undefined
          const result = gate
            .wait((given) => (cancel = given))
            .then((outcome) => {
              if (outcome === 'acquired') holders += 1
              return outcome
            })
          waits.push({ cancel, result })
        }
        for (const { do: action, which } of steps) {
          if (action === 'enter') enter()
          else if (action === 'time') clock.advance(which % 120)
          else if (action === 'cancel') waits[which % Math.max(1, waits.length)]?.cancel()
          else if (holders > 0) {
            holders -= 1
            gate.release()
          }
          expect(gate.inFlight).toBeLessThanOrEqual(limit)
          // A free slot and a queue at the same time would be a lost wake-up.
          expect(gate.queued === 0 || gate.inFlight === limit).toBe(true)
          for (let tick = 0; tick < 3; tick += 1) await Promise.resolve()
          expect(gate.inFlight).toBe(holders)
        }
        clock.advance(1_000)
        await Promise.all(waits.map(({ result }) => result))
        while (holders-- > 0) gate.release()
        expect([gate.inFlight, gate.queued, clock.pending]).toEqual([0, 0, 0])
      },
    ),
    { numRuns: 200 },
  )
})
