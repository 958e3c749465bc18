import { isObject, type JsonObject } from '@llmproxy/provider-kit'
import { lastTextOf, type Play, playOf, type SimulatedAnswer } from '@llmproxy/provider-kit/testing'

const id = '58cb0000-0000-4000-8000-000000000001'
const created = 1_770_768_240
const citations = ['https://a.example/one', 'https://b.example/two']
const searchResults = [
  { title: 'One', url: citations[0], date: '2026-01-02', snippet: 'First', source: 'web' },
  { title: null, url: citations[1] },
]
const usage = {
  prompt_tokens: 10,
  completion_tokens: 20,
  total_tokens: 30,
  search_context_size: 'low',
  citation_tokens: 0,
  num_search_queries: 1,
  reasoning_tokens: 3,
  cost: { request_cost: 0.005, total_cost: 0.005 },
}

/** The answer to a chat request, whole or streamed. */
export function chatScene(body: JsonObject): SimulatedAnswer {
  const play = playOf(lastTextOf(body['messages']))
  const calls = callsOf(body, play)
  const finish = calls.length > 0 ? 'tool_calls' : play.length ? 'length' : 'stop'
  const thought = play.reasoning ? '<think>\nLet me think.\n</think>\n\n' : ''
  const text = thought + (calls.length > 0 ? '' : `${play.text} [1]`)
  if (body['stream'] === true) return { pieces: frames({ model: body['model'], text, calls, finish }) }
  const message = { role: 'assistant', content: text, ...(calls.length > 0 && { tool_calls: calls }) }
  const delta = { role: 'assistant', content: '' }
  const choices = [{ index: 0, message, delta, finish_reason: finish }]
  const extras = { citations, search_results: searchResults }
  return { json: { id, model: body['model'], created, usage, ...extras, object: 'chat.completion', choices } }
}

interface Told {
  readonly model: unknown
  readonly text: string
  readonly calls: readonly object[]
  readonly finish: string
}

/** The role and the whole of citations and usage in every chunk, a clock that goes on, and another object at the end. */
function frames({ model, text, calls, finish }: Told): string[] {
  const pieces = Array.from(text).reduce<string[]>(
    (all, letter, at) => (at % 3 === 0 ? [...all, letter] : [...all.slice(0, -1), `${all.at(-1)}${letter}`]),
    [],
  )
  const deltas: object[] = [
    ...pieces.map((content) => ({ content })),
    ...calls.map((call, index) => ({ content: '', tool_calls: [{ index, ...call }] })),
  ]
  const soFar = (count: number) => ({ prompt_tokens: 10, completion_tokens: count, total_tokens: 10 + count })
  const chunks = deltas.map((delta, at) => ({
    id,
    model,
    created: created + at,
    usage: soFar(Math.min(at, 20)),
    citations,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta: { role: 'assistant', ...delta } }],
  }))
  const last = {
    id,
    model,
    created: created + deltas.length,
    usage,
    citations,
    search_results: searchResults,
    object: 'chat.completion.done',
    choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: finish }],
  }
  return [...chunks, last].map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`)
}

function callsOf({ tools }: JsonObject, { toolCalls, noArguments }: Play): object[] {
  const offered = Array.isArray(tools) ? tools.filter(isObject) : []
  return offered.slice(0, toolCalls).map(({ function: called }, position) => ({
    id: `call_${position}`,
    type: 'function',
    function: {
      name: isObject(called) ? called['name'] : '',
      arguments: noArguments ? '' : '{"city":"Rome"}',
    },
  }))
}

/** The answer to a question in the specification's format. */
export function askScene({ model, query }: JsonObject): SimulatedAnswer {
  const { text } = playOf(String(query))
  const sources = [{ title: 'One', url: citations[0] }]
  const counts = { prompt_tokens: 4, completion_tokens: 9, total_tokens: 13 }
  return { json: { id: 'ask-1', model, answer: text, perplexity_sources: sources, usage: counts } }
}

/** The answer to an embeddings request: 8-bit vectors in base64. */
export function embeddingsScene({ model, input, dimensions }: JsonObject): SimulatedAnswer {
  const count = Array.isArray(input) ? input.length : 1
  const length = typeof dimensions === 'number' ? dimensions : 128
  const embedding = Buffer.from(Int8Array.from({ length }, (_, at) => at - 64)).toString('base64')
  const data = Array.from({ length: count }, (_, index) => ({ object: 'embedding', index, embedding }))
  const cost = { input_cost: 0.001, total_cost: 0.001, currency: 'USD' }
  return { json: { object: 'list', data, model, usage: { prompt_tokens: count, total_tokens: count, cost } } }
}
