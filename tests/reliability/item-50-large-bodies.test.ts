import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import {
  chat,
  completion,
  listening,
  paths,
  provider,
  rawSocket,
  send,
  sendJson,
  startProxy,
  until,
} from './support.ts'

const mebibyte = 1024 * 1024

/** An upstream that digests bodies instead of keeping them. */
async function digesting() {
  const digests: string[] = []
  const server = createServer((request, response) => {
    const digest = createHash('sha256')
    request.on('data', (chunk: Buffer) => digest.update(chunk))
    request.on('end', () => {
      digests.push(digest.digest('hex'))
      sendJson(response, 200, completion())
    })
  })
  return { ...(await listening(server)), digests }
}

function bodyOf(size: number): Buffer {
  const body = Buffer.alloc(size, 'a')
  body.write('{"model":"m","messages":[{"role":"user","content":"')
  body.write('"}] , "n":1.0 }', size - 15)
  return body
}

test('40 MiB pass byte for byte', async () => {
  const upstream = await digesting()
  const proxy = await startProxy({ providers: [provider('a', upstream.url)] })
  const body = bodyOf(40 * mebibyte)
  const { status } = await send(proxy.url, paths.chat, { body })
  expect(status).toBe(200)
  expect(upstream.digests).toEqual([createHash('sha256').update(body).digest('hex')])
})

test('65 MiB are refused in words, and nothing of them reaches the upstream', async () => {
  const upstream = await digesting()
  const proxy = await startProxy({ providers: [provider('a', upstream.url)] })
  const announced = await send(proxy.url, paths.chat, { body: bodyOf(65 * mebibyte) })
  expect(announced.status).toBe(413)
  expect(announced.headers['content-type']).toMatch(/^application\/json/)
  expect(JSON.parse(announced.text)).toMatchObject({
    error: {
      type: 'invalid_request_error',
      code: 'request_too_large',
      message: expect.stringContaining('67108864'),
    },
  })
  expect(upstream.digests).toHaveLength(0)
  expect((await chat(proxy.url)).status).toBe(200)
})

test('a body without a length is cut off at the limit, not collected', async () => {
  const upstream = await digesting()
  const proxy = await startProxy({ providers: [provider('a', upstream.url)], body_limit: mebibyte })
  const socket = rawSocket(proxy.url)
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
  socket.write(
    `POST ${paths.chat} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
  )
  for (let index = 0; index < 20; index++) socket.write(`10000\r\n${'a'.repeat(65_536)}\r\n`)
  await until(() => text.includes('request_too_large'))
  expect(text).toMatch(/^HTTP\/1\.1 413 /)
  expect(upstream.digests).toHaveLength(0)
})

test('an answer above `response_limit` is an error, not memory', async () => {
  const upstream = await listening(
    createServer((request, response) => {
      request.resume()
      response.writeHead(200, { 'content-type': 'application/json' })
      const fill = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, ' ')));
      }
      response.on('drain', fill)
      response.on('error', () => undefined)
      fill()
    }),
  )
  const proxy = await startProxy({
    providers: [provider('a', upstream.url, { max_retries: 0 })],
    response_limit: mebibyte,
  })
  const { status, text } = await chat(proxy.url)
  expect(status).toBe(502)
  expect(text).toContain('larger than 1048576 bytes')
})
