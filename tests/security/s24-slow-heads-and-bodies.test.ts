import type { AddressInfo } from 'node:net'
import { createGateway } from '@llmproxy/core'
import mock from '@llmproxy/provider-mock'
import { buildApp } from '@llmproxy/server'
import { expect, onTestFinished, test } from 'vitest'
import { rawSocket, until } from '../reliability/support.ts'

test('headers and bodies that never end are given up', async () => {
  const gateway = await createGateway(
    { providers: [{ name: 'mock', type: 'mock', models: ['mock-*'] }] },
    { plugins: [mock] },
  )
  const quiet = () => undefined
  const app = buildApp(gateway, {
    settings: gateway.config,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  })
  onTestFinished(async () => {
    app.server.closeAllConnections()
    await app.close()
    await gateway.close()
  })
  expect(app.server).toMatchObject({ headersTimeout: 20_000, requestTimeout: 120_000 })
  // The same limits, shorter: Node looks at them every 5 seconds.
  app.server.headersTimeout = 100
  app.server.requestTimeout = 200
  await app.listen({ port: 0, host: '127.0.0.1' })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const sockets = [
    'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nx-a: ',
    'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
    '',
  ].map((bytes) => {
    const socket = rawSocket(url)
    const seen = { text: '', closed: false }
    socket.on('data', (part: Buffer) => (seen.text += part.toString('latin1')))
    socket.on('close', () => (seen.closed = true))
    socket.write(bytes)
    return seen
  })
  await until(() => sockets.every(({ closed }) => closed), 48_000)
  expect(sockets[0]?.text).toMatch(/^HTTP\/1\.1 408 /)
  expect(sockets[1]?.text).toMatch(/^HTTP\/1\.1 408 /)
})
