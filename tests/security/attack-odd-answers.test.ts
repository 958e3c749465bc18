import { expect, test } from 'vitest'
import {
  type Proxy,
  chat,
  chunk,
  completion,
  fakeUpstream,
  message,
  provider,
  send,
  startProxy,
  streamEnd,
} from '../reliability/support.ts'

const patient = { max_retries: 0, circuit_breaker_threshold: 1000 }
const many = 10_000

const frame = (choices: unknown, more: object = {}) =>
  `data: ${JSON.stringify({ id: 'a', object: 'chat.completion.chunk', created: 1, model: 'm', choices, ...more })}\n\n`
const delta = (value: object, finish: string | null = null) =>
  frame([{ index: 0, delta: value, finish_reason: finish }])
const tool = (index: number) => ({
  index,
  id: `c${index}`,
  type: 'function',
  function: { name: 'f', arguments: '{}' },
})
const toolsEnd = `${delta({}, 'tool_calls')}data: [DONE]\n\n`
const list = <Item>(make: (index: number) => Item): Item[] =>
  Array.from({ length: many }, (_, index) => make(index))

/** Bytes that no UTF-8 has, instead of each X. */
function damaged(text: string): Buffer {
  const bytes = Buffer.from(text)
  for (let at = bytes.indexOf('X'); at !== -1; at = bytes.indexOf('X', at)) bytes[at] = 0xff
  return bytes
}

async function answering() {
  const answer = { body: '' as string | Buffer, type: '' }
  const upstream = await fakeUpstream((_request, response) => {
    response.writeHead(200, { 'content-type': answer.type }).end(answer.body)
  })
  const vendor = {
    name: 'b',
    type: 'anthropic',
    base_url: upstream.url,
    api_key: 'k',
    models: ['claude'],
    ...patient,
  }
  const proxy = await startProxy({ providers: [provider('a', upstream.url, patient), vendor] })
  return { answer, proxy }
}

/** What is wrong with what the client got; empty when nothing is. */
async function flawOf(proxy: Proxy, stream: boolean): Promise<string> {
  const begun = process.cpuUsage()
  const { status, bytes } = await chat(proxy.url, { stream })
  const { user } = process.cpuUsage(begun)
  if (user > 3_000_000) return `took ${user / 1000} ms`
  if (status !== 200 && status !== 502) return `status ${status}`
  if (bytes.includes('smuggled')) return 'what comes behind the end'
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  if (status === 502 || !stream) return typeof JSON.parse(text) === 'object' ? '' : 'no object'
  const frames = text.split('\n\n')
  if (frames.pop() !== '') return 'no blank line at the end'
  if (frames.at(-1) !== 'data: [DONE]') return 'no end'
  for (const each of frames.slice(0, -1)) if (!each.startsWith(':')) JSON.parse(each.slice('data: '.length))
  return frames.filter((each) => each === 'data: [DONE]').length === 1 ? '' : 'several ends'
}

const streams: Readonly<Record<string, string | Buffer>> = {
  'thousands of tool calls, one by one':
    list((index) => delta({ tool_calls: [tool(index)] })).join('') + toolsEnd,
  'thousands of them backwards':
    list((index) => delta({ tool_calls: [tool(many - index)] })).join('') + toolsEnd,
  'thousands of them at once': delta({ tool_calls: list(tool) }) + toolsEnd,
  'tool calls without numbers and names': delta({ tool_calls: list(() => ({ function: {} })) }) + toolsEnd,
  'tool calls far apart':
    [1e9, 4_294_967_295, 1e15].map((index) => delta({ tool_calls: [tool(index)] })).join('') + toolsEnd,
  'tool calls of the wrong types':
    delta({ tool_calls: [{ index: -1, id: 5, function: { name: null, arguments: 5 } }] }) + toolsEnd,
  'tool calls that are none': delta({ tool_calls: [null, 5, 'x', [], {}] }) + toolsEnd,
  'thousands of choices':
    frame(list((index) => ({ index, delta: { content: 'x' }, finish_reason: null }))) + streamEnd,
  'a choice of a large number':
    frame([{ index: 1e15, delta: { content: 'x' }, finish_reason: 'stop' }]) + streamEnd,
  'choices that are none': frame([null, 5, 'x', [], {}]) + streamEnd,
  'counts beyond reason':
    chunk('x') +
    frame([], { usage: { prompt_tokens: -5, completion_tokens: 1e308, total_tokens: 'x' } }) +
    streamEnd,
  'an id of a megabyte': chunk('x').replace('chatcmpl-1', 'z'.repeat(1_000_000)) + streamEnd,
  'an event name of a megabyte': `event: ${'e'.repeat(1_000_000)}\n${chunk('x')}${streamEnd}`,
  'a hundred thousand fields': `${'x: y\n'.repeat(100_000)}${chunk('x')}${streamEnd}`,
  'a hundred thousand empty lines of data': `${'data: \n'.repeat(100_000)}\n${chunk('x')}${streamEnd}`,
  'many ends': chunk('x') + chunk('', 'stop').repeat(many) + 'data: [DONE]\n\n'.repeat(many),
  'an answer behind the end': chunk('x') + streamEnd + chunk('smuggled').repeat(1000),
  'a finish reason of 100 KB': `${chunk('x')}${chunk('', 'x'.repeat(100_000))}data: [DONE]\n\n`,
  'a role again and again': delta({ role: 'assistant' }).repeat(many) + streamEnd,
  'NUL bytes': `${chunk('x')}\u0000\n\n${streamEnd}`,
  'a NUL inside of a text': chunk('x').replace('"x"', '"a\u0000b"') + streamEnd,
  'half a character': chunk('x').replace('"x"', '"\\ud800"') + streamEnd,
  'bytes that are no UTF-8': damaged(chunk('aXb') + chunk('aXb').repeat(3) + streamEnd),
  'such bytes among many sound ones': damaged(chunk('é').repeat(5) + chunk('aXb').repeat(3) + streamEnd),
  'such bytes in another place': damaged(
    chunk('é') + chunk('é').replace('chatcmpl', 'X').repeat(3) + streamEnd,
  ),
  'such bytes beside a usage that is null': damaged(
    delta({ content: 'aXb' }).replace('}\n\n', ',"usage":null}\n\n').repeat(3) + streamEnd,
  ),
  'a page': '<html><body>hello</body></html>',
  'JSON lines': `${JSON.stringify(completion())}\n${JSON.stringify(completion())}`,
}

test.each(Object.entries(streams))(
  'a stream with %s comes out as a sound stream, or as an error',
  async (_, body) => {
    const { answer, proxy } = await answering()
    Object.assign(answer, { body, type: 'text/event-stream' })
    expect(await flawOf(proxy, true)).toBe('')
  },
)

const whole = (message: unknown) =>
  JSON.stringify({ ...completion(), choices: [{ index: 0, message, finish_reason: 'stop' }] })

const wholes: Readonly<Record<string, string | Buffer>> = {
  'thousands of tool calls': whole({ role: 'assistant', content: null, tool_calls: list(tool) }),
  'tool calls that are none': whole({ role: 'assistant', content: null, tool_calls: [null, 5, 'x', [], {}] }),
  'thousands of choices': JSON.stringify({ ...completion(), choices: list(() => ({ message: {} })) }),
  'choices that are none': JSON.stringify({ ...completion(), choices: [null, 5, 'x', [], {}] }),
  'a message that is none': whole(5),
  'a hundred thousand members': JSON.stringify({
    ...completion(),
    ...Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`k${n}`, 0])),
  }),
  'bytes that are no UTF-8': damaged(whole({ role: 'assistant', content: 'aXb' })),
  'a byte order mark': `\ufeff${JSON.stringify(completion())}`,
  'another answer behind it': JSON.stringify(completion()).repeat(2),
  'NUL bytes': `${JSON.stringify(completion())}\u0000`,
  'words that are no JSON': JSON.stringify(completion()).replace('1700000000', 'NaN'),
  'a number without measure': JSON.stringify(completion()).replace('1700000000', '1e999'),
}

test.each(Object.entries(wholes))('an answer with %s comes out as JSON', async (_, body) => {
  const { answer, proxy } = await answering()
  Object.assign(answer, { body, type: 'application/json' })
  expect(await flawOf(proxy, false)).toBe('')
  answer.type = 'text/html'
  expect(await flawOf(proxy, false)).toBe('')
})

test('bytes that are no UTF-8 do not reach clients of the Messages dialect either', async () => {
  const { answer, proxy } = await answering()
  const body = { model: 'claude', max_tokens: 5, messages: [{ role: 'user', content: 'x' }] }
  const events = [
    { type: 'message_start', message: { ...message(), content: [] } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'aXb' } },
    { type: 'message_delta', delta: { stop_reason: 'XX' }, usage: { output_tokens: 2 } },
    { type: 'message_stop' },
  ]
  answer.body = damaged(
    events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''),
  )
  answer.type = 'text/event-stream'
  const streamed = await send(proxy.url, '/v1/messages', { body: { ...body, stream: true } })
  expect(streamed.status).toBe(200)
  expect(new TextDecoder('utf-8', { fatal: true }).decode(streamed.bytes)).toContain('"text":"a\ufffdb"')
  Object.assign(answer, { body: damaged(JSON.stringify(message('aXb'))), type: 'application/json' })
  const { bytes } = await send(proxy.url, '/v1/messages', { body })
  expect(new TextDecoder('utf-8', { fatal: true }).decode(bytes)).toContain('"text":"a\ufffdb"')
})

test('what an upstream says of `_proxy_info` is not what the client reads', async () => {
  const { answer, proxy } = await answering()
  const forged = { ...completion('"_proxy_info":{}'), _proxy_info: { provider: 'forged' } }
  Object.assign(answer, { body: JSON.stringify(forged), type: 'application/json' })
  const { text } = await chat(proxy.url)
  expect(text).not.toContain('forged')
  expect(JSON.parse(text)).toMatchObject({ _proxy_info: { provider: 'a', attempt_number: 1 } })
})
