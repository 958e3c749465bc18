import * as fc from 'fast-check'

/** Any valid OpenAI conversation that ends with a user or tool message; messages of one step stay together. */
export type Step = readonly Record<string, unknown>[]

const text = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('', ' ', '\n', 'Grüße 👋🏽', 'a  '))
const part = fc.oneof(
  text.map((value) => ({ type: 'text', text: value })),
  fc.constant({ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }),
)
const content = fc.oneof(text, fc.array(part, { maxLength: 3 }))

const userStep = content.map((value): Step => [{ role: 'user', content: value }])
const systemStep = text.map((value): Step => [{ role: 'system', content: value }])
const assistantStep = text.map((value): Step => [{ role: 'assistant', content: value }])

/** Ids as vendors make them: foreign characters, and numbering that starts again in every turn. */
const callId = fc.oneof(
  fc.constantFrom('call_0', 'call_1', 'call.0', 'call:0', 'call 0'),
  fc.string({ minLength: 1, maxLength: 5 }),
)

const toolStep = fc
  .record({
    spoken: text,
    ids: fc.uniqueArray(callId, { minLength: 1, maxLength: 3 }),
    results: fc.array(content, { minLength: 3, maxLength: 3 }),
    reversed: fc.boolean(),
  })
  .map(({ spoken, ids, results, reversed }): Step => {
    const calls = ids.map((id) => ({ id, type: 'function', function: { name: 'f', arguments: '{"a":1}' } }))
    const answers = ids.map((id, index) => ({ role: 'tool', tool_call_id: id, content: results[index] }))
    const ordered = reversed ? answers.toReversed() : answers
    return [{ role: 'assistant', content: spoken, tool_calls: calls }, ...ordered]
  })

const step = fc.oneof(userStep, systemStep, assistantStep, toolStep)

/** Steps of a conversation; the first ones are system messages, the last one is a user message with text. */
export const conversations: fc.Arbitrary<readonly Step[]> = fc
  .tuple(fc.array(systemStep, { maxLength: 2 }), fc.array(step, { maxLength: 8 }))
  .map(([leading, steps]) => [...leading, ...steps, [{ role: 'user', content: 'End' }]])
