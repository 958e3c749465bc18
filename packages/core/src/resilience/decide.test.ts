import { type FaultKind, faultKinds } from '@llmproxy/provider-kit'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decide, type DecideInput, type Decision } from './decide.ts'
import { breakerRule, faultPolicy, type ObservedFault } from './fault-table.ts'

function input(fault: Omit<ObservedFault, 'message'>, changes: Partial<DecideInput> = {}): DecideInput {
  return {
    fault: { message: '', ...fault },
    attemptsLeft: 4,
    retriesLeft: 3,
    retryNumber: 1,
    remainingMs: 300_000,
    deploymentsAfter: 0,
    random: () => 0.5,
    retryDelayMs: 1_000,
    maxWaitMs: 20_000,
    ...changes,
  }
}

const alone = { deploymentsAfter: 0 }
const followed = { deploymentsAfter: 1 }
const stop = { action: 'stop' }
const fallback = { action: 'fallback' }
const retry = (delayMs: number) => ({ action: 'retry', delayMs })

describe('the fault table', () => {
  const rows: [FaultKind, Partial<ObservedFault>, object, object][] = [
    // kind, circumstances, decision without a next deployment, decision with one
    ['invalid_request', {}, stop, stop],
    ['context_length', {}, stop, stop],
    ['content_filter', {}, stop, stop],
    ['model_not_found', {}, stop, fallback],
    ['unsupported', {}, stop, fallback],
    ['authentication', {}, stop, fallback],
    ['quota_exhausted', {}, stop, fallback],
    ['quota_exhausted', { retryAfterMs: 1 }, stop, fallback],
    ['rate_limit', {}, stop, fallback],
    ['rate_limit', { retryAfterMs: 7_000 }, retry(7_000), fallback],
    ['rate_limit', { retryAfterMs: 20_001 }, stop, fallback],
    ['overloaded', {}, retry(500), retry(500)],
    ['overloaded', { refusesRetry: true }, stop, fallback],
    ['rate_limit', { retryAfterMs: 7_000, refusesRetry: true }, stop, fallback],
    ['overloaded', { retryAfterMs: 3_000 }, retry(3_000), retry(3_000)],
    ['overloaded', { retryAfterMs: 60_000 }, stop, fallback],
    ['upstream', {}, retry(500), retry(500)],
    ['timeout', { phase: 'connect' }, retry(500), fallback],
    ['timeout', { phase: 'first_byte' }, stop, fallback],
    ['timeout', { phase: 'idle' }, stop, fallback],
    ['timeout', { phase: 'total' }, stop, fallback],
    ['network', {}, stop, fallback],
    ['network', { nothingSent: true }, retry(500), fallback],
    ['network', { reusedSocketDied: true }, retry(0), retry(0)],
    ['bad_response', {}, stop, fallback],
    ['cancelled', {}, stop, stop],
  ]
  test.each([
    ['authentication', {}],
    ['authentication', { refusesRetry: true }],
    ['rate_limit', { retryAfterMs: 60_000 }],
    ['quota_exhausted', {}],
  ] as const)('%s %o of one key is asked again with another one, at once', (kind, circumstances) => {
    const fault = { kind, ...circumstances }
    for (const place of [alone, followed]) {
      expect(decide({ ...input(fault, place), anotherKey: true, retriesLeft: 0 })).toEqual(retry(0))
      expect(decide({ ...input(fault, place), anotherKey: true, attemptsLeft: 0 })).toEqual(stop)
    }
    expect(decide({ ...input(fault, followed), anotherKey: true, attemptsLeft: 1 })).toEqual(fallback)
  })

  test.each(rows)('%s %o is decided as documented', (kind, circumstances, withoutNext, withNext) => {
    expect(decide(input({ kind, ...circumstances }, alone))).toEqual(withoutNext)
    expect(decide(input({ kind, ...circumstances }, followed))).toEqual(withNext)
  })

  test('covers every kind of fault', () => {
    expect(new Set(rows.map(([kind]) => kind))).toEqual(new Set(faultKinds))
  })
})

describe('limits of a retry', () => {
  test('each deployment that follows has an attempt reserved', () => {
    expect(decide(input({ kind: 'upstream' }, { ...followed, attemptsLeft: 1 }))).toEqual(fallback)
    expect(decide(input({ kind: 'upstream' }, { ...followed, attemptsLeft: 2 }))).toEqual(retry(500))
    expect(decide(input({ kind: 'upstream' }, { ...alone, attemptsLeft: 1 }))).toEqual(retry(500))
    const manyFollow = { deploymentsAfter: 3 }
    expect(decide(input({ kind: 'upstream' }, { ...manyFollow, attemptsLeft: 3 }))).toEqual(fallback)
    expect(decide(input({ kind: 'upstream' }, { ...manyFollow, attemptsLeft: 4 }))).toEqual(retry(500))
  })

  test('without retries left the next deployment is asked, or nobody', () => {
    expect(decide(input({ kind: 'upstream' }, { ...followed, retriesLeft: 0 }))).toEqual(fallback)
    expect(decide(input({ kind: 'upstream' }, { ...alone, retriesLeft: 0 }))).toEqual(stop)
  })

  test('a wait that reaches the deadline is not begun', () => {
    const late = { kind: 'overloaded', retryAfterMs: 5_000 } as const
    expect(decide(input(late, { ...followed, remainingMs: 5_000 }))).toEqual(fallback)
    expect(decide(input(late, { ...alone, remainingMs: 5_000 }))).toEqual(stop)
    expect(decide(input(late, { ...alone, remainingMs: 5_001 }))).toEqual(retry(5_000))
    expect(decide(input(late, { ...alone, remainingMs: Infinity }))).toEqual(retry(5_000))
  })

  test('a keep-alive race costs no retry of the deployment, no backoff and no breaker failure', () => {
    const race = { kind: 'network', reusedSocketDied: true } as const
    expect(decide(input(race, { retriesLeft: 0 }))).toEqual(retry(0))
    expect(decide(input(race, { attemptsLeft: 0 }))).toEqual(stop)
    expect(breakerRule({ ...race, message: '' })).toBe('release')
    expect(breakerRule({ kind: 'network', message: '' })).toBe('failure')
  })
})

const anyInput = fc.record({
  fault: fc
    .record(
      {
        kind: fc.constantFrom(...faultKinds),
        message: fc.constant(''),
        retryAfterMs: fc.integer({ min: -5, max: 100_000 }),
        phase: fc.constantFrom('connect', 'first_byte', 'idle', 'total', 'stream'),
        nothingSent: fc.boolean(),
        reusedSocketDied: fc.boolean(),
      },
      { requiredKeys: ['kind', 'message'] },
    )
    .map((fault) => fault as ObservedFault),
  attemptsLeft: fc.integer({ min: -1, max: 5 }),
  retriesLeft: fc.integer({ min: -1, max: 5 }),
  retryNumber: fc.integer({ min: 1, max: 9 }),
  remainingMs: fc.oneof(fc.integer({ min: -10, max: 60_000 }), fc.constant(Infinity)),
  deploymentsAfter: fc.integer({ min: 0, max: 3 }),
  random: fc.double({ min: 0, max: 0.999, noNaN: true }).map((value) => () => value),
  retryDelayMs: fc.integer({ min: 0, max: 5_000 }),
  maxWaitMs: fc.integer({ min: 0, max: 30_000 }),
})

/** The first limit that a decision ignores. */
function brokenRule(given: DecideInput, decision: Decision): string | undefined {
  const rule = faultPolicy[given.fault.kind]
  if (decision.action === 'stop') return undefined
  if (given.attemptsLeft <= 0) return 'went on without attempts'
  if (decision.action === 'fallback') {
    return given.deploymentsAfter > 0 && rule.fallback ? undefined : 'fell back where there is nothing'
  }
  if (rule.retry === 'never') return 'retried what must not be'
  if (decision.delayMs < 0 || (decision.delayMs > 0 && decision.delayMs >= given.remainingMs))
    return 'waited past the deadline'
  return decision.delayMs > given.maxWaitMs ? 'waited too long' : undefined
}

test('no decision breaks a limit', () => {
  fc.assert(
    fc.property(anyInput, (given) => {
      expect(brokenRule(given, decide(given))).toBeUndefined()
    }),
    { numRuns: 1_000 },
  )
})

test('a request makes no more attempts than it may, whatever fails', () => {
  fc.assert(
    fc.property(
      anyInput,
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 4 }),
      (given, maxAttempts, deployments) => {
        let [attempts, deployment, retries] = [1, 1, 0]
        for (;;) {
          const decision = decide({
            ...given,
            attemptsLeft: maxAttempts - attempts,
            retriesLeft: 2 - retries,
            deploymentsAfter: deployments - deployment,
          })
          if (decision.action === 'stop') break
          attempts += 1
          if (decision.action === 'retry') retries += 1
          else [deployment, retries] = [deployment + 1, 0]
        }
        expect(attempts).toBeLessThanOrEqual(maxAttempts)
        expect(deployment).toBeLessThanOrEqual(deployments)
      },
    ),
  )
})
