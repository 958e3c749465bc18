import { type Framing, jsonLines, type Operation, ProviderFault } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { chatBody, type Toy, toyGateway } from '../../test/toy-gateway.ts'

/** A vendor that streams JSON by the line. */
function toy(
  pieces: readonly Uint8Array[],
  framing: Operation['framing'] = jsonLines,
  type = 'application/x-ndjson',
): Toy {
  const chat = {
    request: () => ({ path: '/chat', body: {} }),
    response: (body: unknown) => body,
    stream: () => ({
      event: ({ data }: { data: string }) => {
        const { text, done } = JSON.parse(data) as { text: string; done: boolean }
        const delta = text === undefined ? {} : { content: text }
        return [{ choices: [{ index: 0, delta, finish_reason: done ? 'stop' : null }] }]
      },
    }),
    framing,
  } as unknown as Operation
  async function* body() {
    yield* pieces
  }
  return {
    provider: {
      operations: { chat: chat as never },
      exchange: () => Promise.resolve({ status: 200, headers: { 'content-type': type }, body: body() }),
    },
    entry: { max_retries: 0 },
  }
}

/** What differs between two requests. */
const own = /"id":"[^"]*"|"created":\d+/g

const lines = Buffer.from('{"text":"Grü"}\r\n\n{"text":"ße"}\n{"done":true}')

async function streamed(toyed: Toy, settings = {}): Promise<string> {
  const { gateway } = await toyGateway([toyed], settings)
  return (await gateway.respond('chat', chatBody({ stream: true }))).text()
}

test('a stream that is not SSE gives the same frames wherever its bytes are cut', async () => {
  const whole = (await streamed(toy([lines]))).replaceAll(own, '')
  expect(whole).toContain('"content":"Grü"')
  expect(whole.endsWith('data: [DONE]\n\n')).toBe(true)
  for (let cut = 1; cut < lines.length; cut += 1) {
    const text = await streamed(toy([lines.subarray(0, cut), lines.subarray(cut)]))
    expect(text.replaceAll(own, '')).toBe(whole)
  }
})

test('an event above the limit, and bytes that the framing refuses, end the attempt', async () => {
  const long = Buffer.from(`{"text":"${'x'.repeat(300)}"}\n`)
  expect(await streamed(toy([long]), { event_limit: 100 })).toContain('more than 100 bytes')
  const refusing = (): Framing => ({
    push: () => {
      throw new ProviderFault({ kind: 'bad_response', message: 'the frame’s checksum is wrong' })
    },
    end: () => [],
  })
  expect(await streamed(toy([lines], refusing))).toContain('checksum is wrong')
})

test('a stream that is cut is an error, never a short answer', async () => {
  const text = await streamed(toy([Buffer.from('{"text":"Grü"}\n')]))
  expect(text).toContain('closed its stream before the answer was complete')
  expect(text).not.toContain('[DONE]')
})

test('events that are nested too deep are refused before they are parsed', async () => {
  const deep = Buffer.from(`{"text":${'['.repeat(150_000)}${']'.repeat(150_000)}}\n`)
  expect(await streamed(toy([deep]))).toContain('nested too deep')
})

test.each(['application/stream+json', 'application/json-seq', 'application/jsonl'])(
  'a stream of the type %s is a stream',
  async (type) => {
    expect(await streamed(toy([lines], jsonLines, type))).toContain('"content":"Grü"')
  },
)

test('an answer of the type application/json is one answer, although streams are framed', async () => {
  const whole = {
    choices: [{ index: 0, message: { role: 'assistant', content: 'whole' }, finish_reason: 'stop' }],
  }
  const text = await streamed(
    toy([Buffer.from(JSON.stringify(whole))], jsonLines, 'application/json; charset=utf-8'),
  )
  expect(text).toContain('"content":"whole"')
})
