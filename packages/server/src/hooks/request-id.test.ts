import { expect, test } from 'vitest'
import { chat, raw, serve } from '../../test/serve.ts'

test('the client’s own request id is kept, answered and given to the gateway', async () => {
  const { post, gateway } = await serve()
  const response = await post('/v1/chat/completions', chat, { 'x-request-id': 'trace_1.a-B' })
  expect(response.headers.get('x-request-id')).toBe('trace_1.a-B')
  expect(gateway.seen[0]?.id).toBe('trace_1.a-B')
})

test.each(['with space', 'a'.repeat(129), 'semi;colon', 'quote"', '%0d%0a', 'ü'])(
  'an id that could do harm is replaced: %s',
  async (id) => {
    const { port } = await serve({ newId: () => 'made-here' })
    const answer = await raw(
      port,
      `GET /v1/models HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx-request-id: ${id}\r\n\r\n`,
    )
    expect(answer).toContain('x-request-id: made-here\r\n')
  },
)

test.each(['/v1/models', '/livez', '/nowhere', '/%zz'])('GET %s answers an id', async (path) => {
  const { get } = await serve()
  expect((await get(path)).headers.get('x-request-id')).toMatch(/^req_[0-9a-f-]{36}$/)
})
