import { expect, test } from 'vitest'
import { fakeUpstream, message, sendJson, send, startProxy } from './support.ts'

const path = '/v1/messages'
const signature = `EqQB${'Aa+/0'.repeat(400)}==`

/** A conversation with thinking, marks and an order of keys that no serialiser would keep. */
const odd = (model: string) =>
  `{"max_tokens":7 , "z":1.0,"metadata":{"user_id":"\\u0061"},"big":12345678901234567890,"system":[{"text":"s","type":"text","cache_control":{"ttl":"1h","type":"ephemeral"}}],` +
  `"messages":[{"content":"q","role":"user"},{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"${signature}"},{"data":"x\\/y","type":"redacted_thinking"},{"type":"text","text":"é\\ud83d\\ude00"}]},{"role":"user","content":[ ]}],"model" :"${model}"}  \n`

async function relayed(answer: string, type = 'application/json', models: object[] | string[] = ['m']) {
  const upstream = await fakeUpstream(({ path: asked }, response) => {
    if (asked.endsWith('/count_tokens')) return sendJson(response, 200, { input_tokens: 7 })
    response.writeHead(200, { 'content-type': type }).end(answer)
  })
  const vendor = {
    name: 'a',
    type: 'anthropic',
    base_url: upstream.url,
    api_key: 'key-of-the-vendor',
    models,
  }
  const proxy = await startProxy({ providers: [vendor as never] })
  return { upstream, proxy }
}

test('request and answer pass byte for byte', async () => {
  const answer = ` { "type":"message","id":"msg_1", "n":1.0,"content":[{"type":"thinking","thinking":"","signature":"${signature}"}],"role":"assistant","usage":{"output_tokens":2,"input_tokens":3}} \n`
  const { upstream, proxy } = await relayed(answer)
  const { status, text } = await send(proxy.url, path, { body: odd('m') })
  expect(status).toBe(200)
  expect(upstream.requests[0]?.body.toString()).toBe(odd('m'))
  expect(text).toBe(answer)
})

test('with an alias only the bytes of the model differ', async () => {
  const { upstream, proxy } = await relayed(JSON.stringify(message()), 'application/json', [
    { id: 'm', upstream: 'the-vendor-model' },
  ])
  await send(proxy.url, path, { body: odd('m') })
  expect(upstream.requests[0]?.body.toString()).toBe(odd('the-vendor-model'))
})

test('a stream passes byte for byte: a block that is only a signature, pings and odd spacing included', async () => {
  const frame = (event: string, data: string) => `event: ${event}\ndata: ${data}\n\n`
  const stream = [
    frame(
      'message_start',
      '{"type":"message_start", "message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":1}}}',
    ),
    frame(
      'content_block_start',
      '{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}',
    ),
    frame('ping', '{"type": "ping"}'),
    frame(
      'content_block_delta',
      `{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"${signature}"}}`,
    ),
    frame('content_block_stop', '{"type":"content_block_stop","index":0}'),
    frame(
      'message_delta',
      '{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":2.0}}',
    ),
    frame('message_stop', '{"type":"message_stop"}'),
  ].join('')
  const { proxy } = await relayed(stream, 'text/event-stream; charset=utf-8')
  const asked = odd('m').replace('"z":1.0', '"stream":true')
  const { status, text } = await send(proxy.url, path, { body: asked })
  expect(status).toBe(200)
  expect(text).toBe(stream)
  expect(proxy.requests[0]).toMatchObject({ ending: 'complete', tokens: { input: 3, output: 2 } })
})

test("the dialect's own headers and query reach the vendor; the client's key does not", async () => {
  const { upstream, proxy } = await relayed(JSON.stringify(message()))
  const headers = {
    'anthropic-version': '2023-06-01',
    'anthropic-beta': 'one-2025-01-01,two-2025-02-02',
    'x-api-key': 'key-of-the-client',
    authorization: 'Bearer key-of-the-client',
  }
  expect((await send(proxy.url, `${path}?beta=true`, { body: odd('m'), headers })).status).toBe(200)
  const [request] = upstream.requests
  expect(request?.headers).toMatchObject({
    'anthropic-version': '2023-06-01',
    'anthropic-beta': 'one-2025-01-01,two-2025-02-02',
    'x-api-key': 'key-of-the-vendor',
  })
  expect(JSON.stringify(request?.rawHeaders)).not.toContain('key-of-the-client')
})
