import { describe, expect, test } from 'vitest'
import { raw, serve } from '../../test/serve.ts'

async function ask(headers: string, settings = {}): Promise<string> {
  const { port } = await serve(settings)
  return raw(port, `GET /v1/models HTTP/1.1\r\nconnection: close\r\n${headers}\r\n\r\n`)
}

describe('without client keys', () => {
  test.each(['localhost', 'localhost:8000', '127.0.0.1', '127.8.9.1:80', '[::1]:8000', 'gateway.localhost'])(
    'the local host name %s is served',
    async (host) => {
      expect(await ask(`host: ${host}`)).toMatch(/^HTTP\/1\.1 200 /)
    },
  )

  test.each([
    'evil.example',
    '127.0.0.1.evil.example',
    'localhost.evil.example:8000',
    '10.0.0.1',
    '0.0.0.0',
    '[::2]',
    'a@localhost',
  ])('the foreign host name %s is refused', async (host) => {
    const answer = await ask(`host: ${host}`)
    expect(answer).toMatch(/^HTTP\/1\.1 403 /)
    expect(answer).toContain('"code":"foreign_host"')
  })

  test.each([
    'https://evil.example',
    'null',
    'http://127.0.0.1.evil.example',
    'garbage',
    'http://localhost@evil.example',
  ])('the foreign origin %s is refused', async (origin) => {
    const answer = await ask(`host: localhost\r\norigin: ${origin}`)
    expect(answer).toMatch(/^HTTP\/1\.1 403 /)
    expect(answer).toContain('"code":"foreign_origin"')
  })

  test.each(['http://localhost:3000', 'http://127.0.0.1:8000', 'http://[::1]:8080'])(
    'the local origin %s is served',
    async (origin) => {
      expect(await ask(`host: localhost\r\norigin: ${origin}`)).toMatch(/^HTTP\/1\.1 200 /)
    },
  )

  test('an origin listed by name is served, but * is not trust', async () => {
    const page = 'host: localhost\r\norigin: https://app.example'
    expect(await ask(page, { cors_origins: ['https://app.example'] })).toMatch(/^HTTP\/1\.1 200 /)
    expect(await ask(page, { cors_origins: ['*'] })).toMatch(/^HTTP\/1\.1 403 /)
  })
})

test('with client keys, any host name and origin may call', async () => {
  const answer = await ask('host: proxy.example\r\norigin: https://app.example\r\nx-api-key: correct-horse', {
    api_keys: ['correct-horse'],
  })
  expect(answer).toMatch(/^HTTP\/1\.1 200 /)
})
