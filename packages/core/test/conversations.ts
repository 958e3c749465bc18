import type { JsonObject } from '@llmproxy/provider-kit'
import * as fc from 'fast-check'
import type { Ingress } from '../src/ingress/ingress.ts'

/** A text of up to 2,000 characters, some of them outside of the basic plane, seldom empty. */
export const text = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 400 }).map((count) => 'word '.repeat(count)) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 60 }).map((count) => '👩‍👧é"\\\n'.repeat(count)) },
  {
    weight: 1,
    arbitrary: fc.string({ unit: fc.constantFrom('a', 'é', '😀', '\u0000', '\n', '\\'), maxLength: 40 }),
  },
)

const parts = fc.array(
  fc.oneof(
    text.map((value): JsonObject => ({ type: 'text', text: value })),
    fc.constant<JsonObject>({
      type: 'image_url',
      image_url: { url: `data:image/png;base64,${'A'.repeat(9_000)}` },
    }),
    fc.constant<JsonObject>({ type: 'future', of: { what: ['nobody', 1, null] } }),
  ),
  { minLength: 1, maxLength: 3 },
)

const content = fc.oneof({ weight: 4, arbitrary: text }, { weight: 1, arbitrary: parts })

const system = fc
  .record({ role: fc.constantFrom('system', 'developer'), content: fc.constant('Rules of the house.') })
  .map((message): Piece => [message])
const user = content.map((value): Piece => [{ role: 'user', content: value }])
const assistant = fc
  .record({ content: fc.oneof(content, fc.constant(null)), reasoning_content: text })
  .map((said): Piece => [{ role: 'assistant', ...said }])

/** Messages that belong together. */
type Piece = readonly JsonObject[]

const call = fc.record({
  id: fc.oneof(fc.uuid(), fc.constantFrom('call_1', 'call_2')),
  argument: text,
  result: content,
})

/** Parallel calls with their results in any order, and what goes wrong with them: none, late ones, twins, something in between. */
const calls = fc
  .record({
    made: fc.uniqueArray(call, { minLength: 1, maxLength: 3, selector: ({ id }) => id }),
    isReversed: fc.boolean(),
    fault: fc.constantFrom('none', 'none', 'none', 'missing', 'late', 'twin', 'parted'),
  })
  .map(({ made, isReversed, fault }): Piece => {
    const tool_calls = made.map(({ id, argument }) => ({
      id,
      type: 'function',
      function: { name: 'look', arguments: JSON.stringify({ at: argument, deep: [{ n: 1 }] }) },
    }))
    const results = made.map(({ id, result }) => ({ role: 'tool', tool_call_id: id, content: result }))
    const ordered = isReversed ? results.toReversed() : results
    const asked = { role: 'assistant', content: null, tool_calls }
    const [first, ...others] = ordered
    if (fault === 'missing') return [asked, ...others]
    if (fault === 'late') return [asked, ...others, { role: 'user', content: 'Wait.' }, first!]
    if (fault === 'twin') return [asked, ...ordered, first!]
    if (fault === 'parted') return [asked, first!, { role: 'system', content: 'In between.' }, ...others]
    return [asked, ...ordered]
  })

const legacy = fc.record({ argument: text, result: text }).map(({ argument, result }): Piece => [
  {
    role: 'assistant',
    content: null,
    function_call: { name: 'look', arguments: JSON.stringify([argument]) },
  },
  { role: 'function', name: 'look', content: result },
])

const orphan = fc.constant<Piece>([{ role: 'tool', tool_call_id: 'nobody', content: 'Found nothing.' }])

/** Conversations of every kind, also such as vendors refuse. Each message says in `n` where it stands. */
export const conversations: fc.Arbitrary<readonly JsonObject[]> = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: user },
      { weight: 4, arbitrary: assistant },
      { weight: 6, arbitrary: calls },
      { weight: 1, arbitrary: legacy },
      { weight: 1, arbitrary: system },
      { weight: 1, arbitrary: orphan },
    ),
    { minLength: 1, maxLength: 14 },
  )
  .map((pieces) => pieces.flat().map((message, n) => ({ ...message, n })))

/** The bytes of a message as a client might write them: with white space, and numbers that do not survive `JSON.parse`. */
export function asWritten(message: unknown): string {
  const json = JSON.stringify(message, null, 1)
  return json.startsWith('{') && json !== '{}' ? `{ "odd": 1.50, ${json.slice(1)}` : json
}

/** A chat request with these messages. */
export function chatIngress(messages: readonly unknown[]): Ingress {
  const list = messages.map(asWritten).join(' ,\n')
  const json = `{ "messages": 0, "model" : "m", "temperature":1.0,\n"messages" : [ ${list} ] , "seed":1e2 }`
  return ingressOf('chat', json)
}

/** A request with this body. */
export function ingressOf(operation: Ingress['operation'], json: string): Ingress {
  const bytes = Buffer.from(json)
  const body = JSON.parse(json) as Ingress['body']
  return { id: 'r', operation, bytes, body, caller: 'c', headers: {}, startedAt: 0 }
}

/** The calls in a conversation that have a result, each with the positions of both. */
export function pairsOf(messages: readonly JsonObject[]): readonly (readonly [number, number])[] {
  const pairs: [number, number][] = []
  for (const [at, result] of messages.entries()) {
    for (let before = at - 1; before >= 0 && nameOf(result) !== undefined; before--) {
      const other = messages[before]!
      if (nameOf(other) === nameOf(result)) break
      if (!asks(other, nameOf(result))) continue
      pairs.push([before, at])
      break
    }
  }
  return pairs
}

function nameOf({ role, tool_call_id: id, name }: JsonObject): unknown {
  return role === 'tool' ? id : role === 'function' ? name : undefined
}

function asks({ tool_calls: made, function_call: old }: JsonObject, name: unknown): boolean {
  const ids = Array.isArray(made) ? (made as readonly JsonObject[]).map(({ id }) => id) : []
  return ids.includes(name) || (old as JsonObject | undefined)?.['name'] === name
}
