import { ProviderFault, type UpstreamResponse } from '@llmproxy/provider-kit'
import type { MockClock } from './clock.ts'
import { asWhole, type Script, type Step } from './script.ts'

/**
 * Plays a script without a socket. Rejects with a `network` fault for `refuse`; the body throws for `cut`; `hang` and
 * waits end at once, with the reason of `signal`, when it aborts.
 */
export async function playInProcess(
  script: Script,
  signal: AbortSignal,
  clock: MockClock,
): Promise<UpstreamResponse> {
  const whole = asWhole(script)
  if (whole) return { status: whole.status, headers: whole.headers, body: whole.bytes }
  const steps = script[Symbol.iterator]()
  for (;;) {
    const { value: step, done } = steps.next()
    if (done) throw connectionError('the mock ended without an answer')
    if (step.kind === 'head') {
      return { status: step.status, headers: step.headers, body: body(steps, signal, clock) }
    }
    if (step.kind === 'refuse') {
      throw new ProviderFault({
        kind: 'network',
        message: 'the mock refused the connection',
      })
    }
    await idle(step, signal, clock)
  }
}

async function* body(
  steps: Iterator<Step>,
  signal: AbortSignal,
  clock: MockClock,
): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { value: step, done } = steps.next()
    if (done) return
    if (step.kind === 'bytes') {
      signal.throwIfAborted()
      yield step.bytes
    } else await idle(step, signal, clock)
  }
}

async function idle(step: Step, signal: AbortSignal, clock: MockClock): Promise<void> {
  if (step.kind === 'cut') throw connectionError('the mock closed the connection')
  signal.throwIfAborted()
  if (step.kind === 'wait' && step.milliseconds === 0) {
    await new Promise(setImmediate)
    return
  }
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clock.cancel(timer)
      reject(signal.reason as Error)
    }
    const timer =
      step.kind === 'wait'
        ? clock.after(step.milliseconds, () => {
            signal.removeEventListener('abort', stop)
            resolve()
          })
        : undefined
    signal.addEventListener('abort', stop, { once: true })
  })
}

function connectionError(message: string): Error {
  return Object.assign(new Error(message), { code: 'ECONNRESET' })
}
