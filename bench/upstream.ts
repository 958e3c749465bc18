// The upstream of every measurement, in a process of its own: answers at once, from bytes made beforehand.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  contentFrames,
  doneFrame,
  finishFrame,
  firstFrame,
  usageFrame,
  wholeAnswer,
} from './parts/payloads.ts'

const wholeHeaders = { 'content-type': 'application/json', 'content-length': String(wholeAnswer.length) }
const streamHeaders = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' }
const cadenceMs = 10

/** `bench-whole`, `bench-flat-<frames>` and `bench-paced-<frames>` are the models. */
const streamed = /"bench-(flat|paced)-(\d+)"/

const server = createServer({ noDelay: true }, (request, response) => {
  read(request, (body) => {
    const [, pace, frames] = streamed.exec(body) ?? []
    if (pace === undefined) {
      response.writeHead(200, wholeHeaders).end(wholeAnswer)
      return
    }
    response.writeHead(200, streamHeaders)
    response.write(firstFrame)
    const stream = { response, frames: Number(frames), usage: body.includes('"include_usage"') }
    if (pace === 'flat') flatOut(stream)
    else paced(stream)
  })
})

interface Stream {
  readonly response: ServerResponse
  readonly frames: number
  readonly usage: boolean
}

/** One event for each turn of the event loop: as fast as events of their own can be sent. */
function flatOut(stream: Stream): void {
  const { response, frames } = stream
  let sent = 0
  const next = (): void => {
    if (response.destroyed) return
    if (sent === frames) return finish(stream)
    if (response.write(contentFrames[sent++ % contentFrames.length])) setImmediate(next)
    else response.once('drain', next)
  }
  setImmediate(next)
}

function paced(stream: Stream): void {
  const { response, frames } = stream
  let sent = 0
  const timer = setInterval(() => {
    if (sent < frames && !response.destroyed) {
      response.write(contentFrames[sent++ % contentFrames.length])
      return
    }
    clearInterval(timer)
    finish(stream)
  }, cadenceMs)
}

function finish({ response, usage }: Stream): void {
  response.write(finishFrame)
  if (usage) response.write(usageFrame)
  response.end(doneFrame)
}

function read(request: IncomingMessage, done: (body: string) => void): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => done(Buffer.concat(chunks).toString('latin1')))
}

server.keepAliveTimeout = 120_000
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.once('disconnect', () => process.exit(0))
