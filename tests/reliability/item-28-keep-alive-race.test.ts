import { createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { chat, completion, listening, provider, sleep, startProxy } from './support.ts'

const answer = JSON.stringify(completion())
const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${answer.length}\r\n\r\n`

/** An upstream that closes its idle sockets after `idleMs`, without a word, and notes the marker of each request it reads. */
async function closingUpstream(idleMs: number) {
  const processed: string[] = []
  const server = createServer((socket) => serve(socket, idleMs, processed))
  const { url } = await listening(server)
  return { url, processed }
}

function serve(socket: Socket, idleMs: number, processed: string[]): void {
  let text = ''
  let timer: NodeJS.Timeout | undefined
  socket.on('data', (chunk: Buffer) => {
    clearTimeout(timer)
    text += chunk.toString('latin1')
    const marker = /"user":"(request-\d+)"/.exec(text)?.[1]
    if (marker === undefined || !text.endsWith('}')) return
    processed.push(marker)
    text = ''
    socket.write(head + answer)
    timer = setTimeout(() => socket.destroy(), idleMs)
  })
}

test('an upstream that closes idle sockets just as they are used again costs no client an error', async () => {
  const idleMs = 40
  const { url, processed } = await closingUpstream(idleMs)
  const providers = [provider('a', url, { max_retries: 0 })]
  const proxy = await startProxy({ providers })
  const lanes = 30
  const statuses: number[] = []
  const lane = async (first: number) => {
    for (let index = first; index < 300; index += lanes) {
      statuses.push((await chat(proxy.url, { user: `request-${index}` })).status)
      await sleep(idleMs - 1 + (index % 3))
    }
  }
  await Promise.all(Array.from({ length: lanes }, (_, first) => lane(first)))
  expect(statuses).toEqual(Array.from({ length: 300 }, () => 200))
  expect(processed).toHaveLength(300)
  expect(new Set(processed).size).toBe(300)
})

test('a reused socket that dies is replaced once, and unseen by the breaker', async () => {
  let connections = 0
  const processed: string[] = []
  const { url } = await listening(
    createServer((socket) => {
      connections += 1
      const dying = connections === 1
      let answered = false
      socket.on('data', (chunk: Buffer) => {
        if (!chunk.toString('latin1').endsWith('}')) return
        if (dying && answered) {
          socket.resetAndDestroy()
          return
        }
        answered = true
        processed.push('request')
        socket.write(head + answer)
      })
    }),
  )
  const providers = [provider('a', url, { max_retries: 0, circuit_breaker_threshold: 1 })]
  const proxy = await startProxy({ providers })
  expect((await chat(proxy.url)).status).toBe(200)
  expect((await chat(proxy.url)).status).toBe(200)
  expect(proxy.requests[1]).toMatchObject({ ending: 'complete', attempts: 2 })
  expect(connections).toBe(2)
  expect(processed).toHaveLength(2)
})

test('idle sockets are given up before an upstream that announces its limit would close them', async () => {
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    socket.on('data', (chunk: Buffer) => {
      if (chunk.toString('latin1').endsWith('}'))
        socket.write(head.replace('\r\n\r\n', '\r\nkeep-alive: timeout=1\r\n\r\n') + answer)
    })
  })
  const { url } = await listening(server)
  const proxy = await startProxy({ providers: [provider('a', url)] })
  await chat(proxy.url)
  await chat(proxy.url)
  expect(connections).toBe(2)
})
