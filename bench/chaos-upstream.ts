// One upstream of the chaos run, in a process that is killed and frozen while it serves. What it was asked is written to a journal
// at once, so that a kill loses nothing.
//   node bench/chaos-upstream.ts <port> <journal>
import { appendFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChaosBody } from './parts/chaos-request.ts'
import { answerTo, chunksTo } from './parts/chaos-answer.ts'
import type { JournalLine } from './parts/chaos-journal.ts'

const [port = '0', journal = ''] = process.argv.slice(2)

function note(id: string, event: JournalLine['event']): void {
  appendFileSync(journal, `${JSON.stringify({ id, event, at: Date.now() } satisfies JournalLine)}\n`)
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'GET') return void response.end(JSON.stringify({ object: 'list', data: [] }))
  const body = (await json(request)) as ChaosBody
  note(body.user, 'asked')
  response.once('close', () => note(body.user, response.writableFinished ? 'answered' : 'closed'))
  const slow = body.model === 'chaos-slow'
  if (body.stream !== true) {
    await sleep(slow ? 1500 : 15)
    response.setHeader('content-type', 'application/json')
    return void response.end(JSON.stringify(answerTo(body)))
  }
  response.setHeader('content-type', 'text/event-stream')
  for (const chunk of chunksTo(body)) {
    if (response.closed) return
    response.write(chunk)
    await sleep(slow ? 100 : 5)
  }
  response.end()
}

const server = createServer((request, response) => {
  response.on('error', () => undefined)
  serve(request, response).catch(() => response.destroy())
})
server.keepAliveTimeout = 10_000
server.listen(Number(port), '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' ? address?.port : undefined })
})
process.once('disconnect', () => process.exit(0))
