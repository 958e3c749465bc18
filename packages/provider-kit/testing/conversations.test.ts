import { describe, expect, test } from 'vitest'
import { generatedConversations, type GeneratedRequest } from './conversations.ts'

interface Message {
  readonly role: string
  readonly content?: unknown
  readonly tool_call_id?: string
  readonly tool_calls?: readonly {
    readonly id: string
    readonly function: { arguments: string; name: string }
  }[]
}

const many = generatedConversations(7, 2000)
const messagesOf = (request: GeneratedRequest) => request.messages as readonly Message[]
const contentKinds = new Set(['system', 'developer', 'user', 'assistant', 'tool'])

/** What the API would refuse. */
function problems(request: GeneratedRequest): string[] {
  const found: string[] = []
  let waiting: string[] = []
  const seen = new Set<string>()
  for (const message of messagesOf(request)) {
    if (!contentKinds.has(message.role)) found.push(`role ${message.role}`)
    if (message.role === 'tool') {
      const id = message.tool_call_id ?? ''
      if (!waiting.includes(id)) found.push(`a result without its call: ${id}`)
      waiting = waiting.filter((other) => other !== id)
      if (message.content === null) found.push('a result without content')
      continue
    }
    if (waiting.length > 0) found.push(`calls without a result: ${waiting.join()}`)
    waiting = (message.tool_calls ?? []).map(({ id }) => id)
    for (const id of waiting) {
      if (id === '' || seen.has(id)) found.push(`the id ${id} is not its own`)
      seen.add(id)
    }
    if (message.tool_calls?.some((call) => !isObjectText(call.function.arguments))) found.push('arguments')
    if (message.content === null && message.tool_calls === undefined) found.push('no content')
    if (Array.isArray(message.content) && message.content.length === 0) found.push('no parts')
  }
  if (waiting.length > 0) found.push('calls without a result at the end')
  return found
}

function isObjectText(text: string): boolean {
  return typeof JSON.parse(text) === 'object'
}

test('every conversation is valid: calls are answered exactly once, ids are their own, arguments are objects', () => {
  expect(many.map(problems).filter((found) => found.length > 0)).toEqual([])
})

test('they end with a user message that has a text, or with results', () => {
  const odd = many.filter((request) => {
    const last = messagesOf(request).at(-1)
    if (last?.role === 'tool') return false
    return last?.role !== 'user' || !JSON.stringify(last.content).includes('The last question')
  })
  expect(odd).toEqual([])
})

test('tools and what is said about them stand together, and every call is of a tool that is offered', () => {
  const odd = many.filter((request) => {
    const tools = (request['tools'] ?? []) as { function: { name: string } }[]
    const offered = new Set(tools.map(({ function: called }) => called.name))
    const calls = messagesOf(request).flatMap(({ tool_calls = [] }) => tool_calls)
    const alone = tools.length === 0 && ('tool_choice' in request || 'parallel_tool_calls' in request)
    return alone || calls.some((call) => !offered.has(call.function.name))
  })
  expect(odd).toEqual([])
})

test('the same seed gives the same conversations, another seed others, and a longer run begins alike', () => {
  expect(generatedConversations(7, 50)).toEqual(many.slice(0, 50))
  expect(generatedConversations(8, 50)).not.toEqual(many.slice(0, 50))
})

test('they are JSON, and name neither model nor stream', () => {
  expect(JSON.parse(JSON.stringify(many))).toEqual(many)
  expect(many.some((request) => 'model' in request || 'stream' in request)).toBe(false)
})

test('everything that real clients do comes by', () => {
  const text = JSON.stringify(many)
  const wanted = [
    '"developer"',
    '"system"',
    'image_url',
    '"content":null',
    '"content":""',
    'logit_bias',
    '"none"',
  ]
  for (const part of wanted) expect(text).toContain(part)
  const parallel = many.some((request) =>
    messagesOf(request).some(({ tool_calls = [] }) => tool_calls.length === 3),
  )
  const reversed = many.some((request) => {
    const roles = messagesOf(request)
    return roles.some((message, at) => {
      const [first, second] = message.tool_calls ?? []
      return second !== undefined && first !== undefined && roles[at + 1]?.tool_call_id !== first.id
    })
  })
  const twice = many.some((request) => {
    const roles = messagesOf(request).map(({ role }) => role)
    return roles.some((role, at) => role === 'user' && roles[at + 1] === 'user')
  })
  const first = new Set(many.map((request) => messagesOf(request)[0]?.role))
  expect({ parallel, reversed, twice }).toEqual({ parallel: true, reversed: true, twice: true })
  expect(first).toEqual(new Set(['system', 'developer', 'user', 'assistant']))
})

describe('traits', () => {
  test.each([
    [{ images: false }, 'image_url', false],
    [{ images: true }, 'image_url', true],
    [{ tools: false }, '"tool', false],
    [{ tools: true }, '"tool', true],
  ])('%j: %s is there: %s', (traits, part, there) => {
    expect(JSON.stringify(generatedConversations(7, 500, traits)).includes(part)).toBe(there)
  })
})
