import type { Clock, Gateway } from '@llmproxy/core'
import type { FastifyInstance } from 'fastify'
import type { ServerPhase } from './app.ts'
import type { Logger } from './log/logger.ts'
import type { OpenConnections } from './open-connections.ts'

export interface DrainParts {
  readonly app: FastifyInstance
  readonly connections: OpenConnections
  readonly gateway: Pick<Gateway, 'close' | 'config' | 'inFlight'>
  readonly log: Logger
  readonly clock: Clock
  readonly enter: (phase: ServerPhase) => void
}

// A connection that falls idle while the server closes would keep it open until its keep-alive time is over.
const sweepMs = 100
// What a request that has begun to arrive gets to arrive in full. Node no longer enforces its own limits once a server closes.
const arrivalMs = 10_000
// What a client gets to read the error that ends its stream.
const lastWordsMs = 1000
// What a reader of the log gets to take the last lines: one that is stuck must not hold the process.
const flushMs = 1000

/** Closes a server without breaking what it serves. See `RunningServer.close`. */
export async function drain({ app, connections, gateway, log, clock, enter }: DrainParts): Promise<void> {
  const { shutdown_delay, shutdown_timeout } = gateway.config
  enter('unready')
  log.info({ in_flight: gateway.inFlight }, 'shutting down')
  await pause(clock, shutdown_delay * 1000)
  enter('closing')
  const closed = app.close()
  let late = false
  const arrival = clock.after(arrivalMs, () => (late = true))
  const sweep = setInterval(() => {
    if (late) connections.closeUnserved()
    else app.server.closeIdleConnections()
  }, sweepMs)
  try {
    if (!(await within(clock, shutdown_timeout * 1000, closed))) {
      log.warn({ in_flight: gateway.inFlight }, 'shutdown_timeout has passed: ending what still runs')
      await gateway.close()
      await within(clock, lastWordsMs, closed)
      app.server.closeAllConnections()
    }
    await closed
    await gateway.close()
  } finally {
    clearInterval(sweep)
    clock.cancel(arrival)
    log.info({}, 'stopped')
    await within(clock, flushMs, log.flush())
  }
}

function pause(clock: Clock, milliseconds: number): Promise<void> {
  return milliseconds > 0
    ? new Promise((resolve) => void clock.after(milliseconds, resolve))
    : Promise.resolve()
}

/** True when `done` settles in time. */
async function within(clock: Clock, milliseconds: number, done: Promise<unknown>): Promise<boolean> {
  let timer: unknown
  const late = new Promise<false>((resolve) => {
    timer = clock.after(milliseconds, () => resolve(false))
  })
  const inTime = await Promise.race([done.then(() => true), late])
  clock.cancel(timer)
  return inTime
}
