import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { chat, serve } from '../test/serve.ts'

function request(body: object, headers = ''): string {
  const bytes = JSON.stringify(body)
  return (
    `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${headers}` +
    `content-length: ${bytes.length}\r\n\r\n${bytes}`
  )
}

describe('answers', () => {
  test('a JSON answer has a length and may not be cached', async () => {
    const { post } = await serve()
    const response = await post('/v1/chat/completions', chat)
    const bytes = await response.arrayBuffer()
    expect(response.headers.get('content-length')).toBe(String(bytes.byteLength))
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('cache-control')).toBe('private, no-store')
    expect(response.headers.get('x-llmproxy-model')).toBe('json')
  })

  test('a stream says so to every proxy on its way', async () => {
    const { post } = await serve()
    const response = await post('/v1/chat/completions', { ...chat, model: 'stream', stream: true })
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(response.headers.get('cache-control')).toBe('no-cache, no-transform')
    expect(response.headers.get('x-accel-buffering')).toBe('no')
    expect(response.headers.get('content-length')).toBeNull()
    expect(response.headers.get('x-request-id')).toMatch(/^req_/)
    expect(await response.text()).toBe('data: {"n":1}\n\ndata: {"n":2}\n\ndata: {"n":3}\n\ndata: [DONE]\n\n')
  })

  test('a model name cannot add a header', async () => {
    const { post } = await serve()
    const response = await post('/v1/chat/completions', { ...chat, model: 'x\r\nset-cookie: a=b\u2028ü' })
    expect(response.status).toBe(200)
    expect(response.headers.get('set-cookie')).toBeNull()
    expect(response.headers.get('x-llmproxy-model')).toBe('x%0D%0Aset-cookie: a=b%E2%80%A8%C3%BC')
  })

  test('two requests on one connection get two answers', async () => {
    const { port, gateway } = await serve()
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    socket.on('data', (bytes) => {
      answer += bytes.toString()
    })
    socket.write(request({ ...chat, model: 'stream' }))
    await expect.poll(() => answer).toContain('[DONE]')
    socket.write(request(chat))
    await expect.poll(() => answer.match(/HTTP\/1\.1 200 /g)?.length).toBe(2)
    expect(gateway.seen).toHaveLength(2)
    socket.destroy()
  })

  test('while the server closes, answers close their connection', async () => {
    const { post, get } = await serve({ phase: () => 'closing' })
    expect((await post('/v1/chat/completions', chat)).headers.get('connection')).toBe('close')
    expect((await get('/v1/models')).headers.get('connection')).toBe('close')
  })
})

describe('a client that leaves', () => {
  test('in the middle of a stream is noticed', async () => {
    const { port, gateway, log } = await serve()
    const socket = connect(port, '127.0.0.1')
    socket.write(request({ ...chat, model: 'hold' }))
    await new Promise((resolve) => socket.once('data', resolve))
    socket.destroy()
    await expect.poll(() => gateway.endings).toEqual(['client_gone'])
    expect(log.at(-1)).toMatchObject({ message: 'request', ending: 'client_gone' })
  })

  test('is not confused with a client whose body has been read', async () => {
    const { post, gateway } = await serve()
    const response = await post('/v1/chat/completions', { ...chat, model: 'hold' })
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(gateway.endings).toEqual([])
    gateway.release()
    expect(await response.text()).toContain('[DONE]')
    expect(gateway.endings).toEqual(['complete'])
  })

  test('and one that refuses to read is cut after write_timeout', async () => {
    const { port, gateway } = await serve({ write_timeout: 0.15 })
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.pause()
    socket.write(request({ ...chat, model: 'flood' }))
    await expect.poll(() => gateway.endings, { timeout: 5000 }).toEqual(['client_gone'])
    socket.destroy()
  })

  test('but not one that reads slowly', async () => {
    const { port, gateway } = await serve({ write_timeout: 0.3 })
    const socket = connect(port, '127.0.0.1')
    socket.write(request({ ...chat, model: 'flood' }))
    // About a second for everything, which is several times the limit.
    socket.on('data', () => {
      socket.pause()
      setTimeout(() => socket.resume(), 2)
    })
    await expect.poll(() => gateway.endings, { timeout: 10_000 }).toEqual(['complete'])
    socket.destroy()
  })
})
