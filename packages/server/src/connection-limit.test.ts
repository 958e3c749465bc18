import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { raw, serve } from '../test/serve.ts'

const alive = 'GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'

function idle(port: number): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  return socket
}

test('connections above `max_client_connections` are closed unread; when others leave there is room again', async () => {
  const { port, log } = await serve({ max_client_connections: 3 })
  const first = [idle(port), idle(port), idle(port)]
  await Promise.all(first.map((socket) => once(socket, 'connect')))
  for (let index = 0; index < 20; index++) {
    const answer = await raw(port, alive).catch(() => '')
    expect(answer).toBe('')
  }
  expect(log.filter(({ level }) => level === 'warn')).toEqual([
    expect.objectContaining({ message: 'too many connections: new ones are closed', dropped: 1 }),
  ])
  for (const socket of first) socket.destroy()
  await expect.poll(() => raw(port, alive).catch(() => '')).toContain('{"status":"ok"}')
})
