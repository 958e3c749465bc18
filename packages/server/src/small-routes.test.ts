import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { fakeGateway } from '../test/fake-gateway.ts'
import { serveGateway } from '../test/serve.ts'

test('a client that asks for a long list and does not read it is cut after write_timeout', async () => {
  const id = 'x'.repeat(100)
  const line = { id, object: 'model', created: 0, owned_by: 'x', providers: [] } as const
  const data = Array.from({ length: 100_000 }, () => line)
  const models = () => Promise.resolve({ object: 'list' as const, data })
  const { port, log } = await serveGateway({ ...fakeGateway(), models }, { write_timeout: 0.15 })
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => undefined)
  socket.pause()
  socket.write('GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await expect.poll(() => log.map(({ message }) => message)).toContain('client cut off')
})
