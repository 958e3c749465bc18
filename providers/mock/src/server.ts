import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answer } from './answer.ts'
import { type MockClock, realClock } from './clock.ts'
import { FlakyCounter } from './flaky-counter.ts'
import { Playback } from './play-over-socket.ts'
import { type RecordedRequest, Recorder } from './recorder.ts'
import { asWhole, type Script } from './script.ts'
import { ScriptCache } from './script-cache.ts'

export type { MockClock } from './clock.ts'
export { modelNames } from './model-list.ts'
export type { RecordedRequest } from './recorder.ts'
export type { Scenario } from './scenario.ts'
export { scenarios } from './scenarios.ts'

export interface MockServerOptions {
  /** 0 (the default): a free port. */
  readonly port?: number
  /** Default: `127.0.0.1`. */
  readonly host?: string
  /** The API keys that are accepted. Absent: any key, or none. */
  readonly keys?: readonly string[]
  /** How many requests are kept in `requests`. Default: 1000. 0: none. */
  readonly recordedRequests?: number
  /** Waits run on it. Default: the clock of the machine. */
  readonly clock?: MockClock
}

/** A running mock upstream. */
export interface MockServer {
  /** `http://host:port`, without a trailing slash. Both `${url}/v1/…` and `${url}/…` are answered. */
  readonly url: string
  readonly port: number
  /** The last requests, oldest first. A live array. */
  readonly requests: readonly RecordedRequest[]
  /** The first request, recorded or to come, that fits; also looked at when its answer ends. Rejects after `timeoutMs`. */
  waitFor(predicate: (record: RecordedRequest) => boolean, timeoutMs: number): Promise<RecordedRequest>
  /** Forgets the recorded requests and the counts of `flaky`. */
  reset(): void
  /** Closes the port and every connection; whoever still waits in `waitFor` is rejected. */
  close(): Promise<void>
}

/** Starts the mock upstream on a port of its own. Rejects when the port cannot be had. */
export async function startMockServer(options: MockServerOptions = {}): Promise<MockServer> {
  const { port = 0, host = '127.0.0.1', recordedRequests = 1000, clock = realClock } = options
  const counter = new FlakyCounter()
  const recorder = new Recorder(recordedRequests, clock)
  const scripts = scriptSource(options.keys, counter)
  const server = createServer({ noDelay: true }, (request, response) => {
    receive(request, (body) => {
      const record = recordOf(request, body, clock)
      recorder.add(record)
      respond({ script: scripts(record), response, record, recorder, clock })
    })
  })
  // A client may stay as long as it likes: the mock must outlast the time limits that are tested against it.
  server.requestTimeout = 0
  await listen(server, port, host)
  const address = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    port: address.port,
    requests: recorder.requests,
    waitFor: (predicate, timeoutMs) => recorder.waitFor(predicate, timeoutMs),
    reset: () => {
      recorder.reset()
      counter.reset()
    },
    close: async () => {
      await close(server)
      recorder.close()
    },
  }
}

/** Scripts for requests, from memory where that is the same. */
function scriptSource(
  keys: readonly string[] | undefined,
  counter: FlakyCounter,
): (record: RecordedRequest) => Script {
  const cache = new ScriptCache()
  const make = (record: RecordedRequest): { script: Script; repeatable: boolean } => {
    let repeatable = true
    const earlierRequests = (model: string): number => {
      repeatable = false
      return counter.take(model)
    }
    const script = answer(record, { ...(keys && { keys }), earlierRequests })
    return { script, repeatable }
  }
  // With keys the answer depends on a header that is not part of the cache's key.
  return keys ? (record) => make(record).script : (record) => cache.get(record, () => make(record))
}

function receive(request: IncomingMessage, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => done(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)))
  // A request that breaks off has no answer; without a listener the error would end the process.
  request.on('error', () => undefined)
}

function recordOf(request: IncomingMessage, body: Buffer, clock: MockClock): RecordedRequest {
  const { method = 'GET', url: path = '/', headers } = request
  return { method, path, headers, body, receivedAt: clock.now(), bytesWritten: 0, aborted: false }
}

interface Answering {
  readonly script: Script
  readonly response: ServerResponse
  readonly record: RecordedRequest
  readonly recorder: Recorder
  readonly clock: MockClock
}

function respond({ script, response, record, recorder, clock }: Answering): void {
  let closedByMock = false
  let playback: Playback | undefined
  response.on('error', () => undefined)
  response.on('close', () => {
    playback?.stop()
    record.closedAt = clock.now()
    record.aborted = !response.writableFinished && !closedByMock
    recorder.changed(record)
  })
  const whole = asWhole(script)
  if (whole) {
    record.status = whole.status
    record.bytesWritten = whole.bytes.byteLength
    response.writeHead(whole.status, whole.headers).end(whole.bytes)
    return
  }
  playback = new Playback(script, response, clock, {
    began: (status) => {
      record.status = status
    },
    wrote: (bytes) => {
      record.bytesWritten += bytes
    },
    closedByMock: () => {
      closedByMock = true
    },
  })
  playback.next()
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
