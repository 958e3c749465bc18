import { type Call, ProviderFault } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { vendors } from '../vendors/support/vendors.ts'

const count = 4000
const many = <Item>(make: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => make(index))
const named = <Item>(make: (index: number) => Item) =>
  Object.fromEntries(many((index) => [`x${index}`, make(index)]))

/** `depth` times the step, from the inside out. */
function nested(depth: number, step: (inner: object) => object): object {
  let schema: object = { type: 'string' }
  for (let level = 0; level < depth; level++) schema = step(schema)
  return schema
}

/** Each definition names the next one twice: written out there would be a million million of them. */
const doubling = {
  type: 'object',
  properties: { a: { $ref: '#/$defs/d0' } },
  $defs: Object.fromEntries(
    Array.from({ length: 40 }, (_, level) => {
      const next = { $ref: `#/$defs/d${level + 1}` }
      return [
        `d${level}`,
        level === 39 ? { type: 'string' } : { type: 'object', properties: { a: next, b: next } },
      ]
    }),
  ),
}
const itself = { $ref: '#/$defs/n' }
const schemas: Readonly<Record<string, object>> = {
  'definitions that double': doubling,
  'a definition of itself': {
    ...itself,
    $defs: { n: { type: 'object', properties: { a: itself, b: itself } } },
  },
  'a reference to nothing': { $ref: '#/$defs/nobody' },
  'a reference to the whole': { type: 'object', properties: { a: { $ref: '#' } } },
  'objects in objects': nested(150, (a) => ({ type: 'object', properties: { a } })),
  'choices in choices': nested(90, (inner) => ({
    anyOf: [inner, { type: 'null' }],
    allOf: [{ type: 'object' }],
  })),
  'thousands of members': {
    type: 'object',
    properties: named(() => ({ type: ['string', 'null'], enum: ['a', null] })),
    required: many((index) => `x${index}`),
  },
}

const user = { role: 'user', content: 'a' }
const tool = (name: string, parameters: object) => ({
  type: 'function',
  function: { name, description: 'd', parameters },
})
const simple = { type: 'object', properties: { a: { type: 'string' } } }

const bodies: Readonly<Record<string, object>> = {
  'thousands of tools': { tools: many((index) => tool(`f${index}`, simple)) },
  'thousands of tools of one name': { tools: many(() => tool('f', simple)) },
  'thousands of stop words': { stop: many((index) => `s${index}`) },
  'thousands of biases': { logit_bias: Object.fromEntries(many((index) => [index, 1])) },
  'thousands of notes': { metadata: named(() => 'v') },
  'thousands of unknown fields': named(() => 1),
  'thousands of turns': {
    messages: many((index) => (index % 2 === 0 ? user : { role: 'assistant', content: 'b' })),
  },
  'thousands of instructions': { messages: [...many(() => ({ role: 'system', content: 's' })), user] },
  'thousands of late instructions': {
    messages: [user, ...many(() => ({ role: 'developer', content: 's' })), user],
  },
  'thousands of pictures': {
    messages: [
      {
        role: 'user',
        content: many(() => ({ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } })),
      },
    ],
  },
  ...Object.fromEntries(
    Object.entries(schemas).flatMap(([name, schema]) => [
      [`a tool with ${name}`, { tools: [tool('f', schema)] }],
      [
        `an answer with ${name}`,
        { response_format: { type: 'json_schema', json_schema: { name: 'x', strict: true, schema } } },
      ],
    ]),
  ),
}

test.each(vendors.map((each) => [each.vendor.type, each] as const))(
  '%s: bulky requests are made, or refused in words, in a time that others can wait',
  async (_, { plugin, vendor }) => {
    const checked = await plugin.options['~standard'].validate(vendor.options('http://127.0.0.1:9'))
    if (checked.issues !== undefined) throw new Error(JSON.stringify(checked.issues))
    const { chat } = plugin.create(checked.value).operations
    const wrong: string[] = []
    for (const [name, more] of Object.entries(bodies)) {
      const model = vendor.models.chat ?? 'm'
      const body = { model, messages: [user], ...more }
      const call = { id: 'a', created: 1, model, stream: false, body, headers: {}, dropped: () => undefined }
      const from = performance.now()
      try {
        const { body: made, patch } = chat!.request(call as unknown as Call<never>)
        if (JSON.stringify(made ?? patch ?? null).length > 10_000_000) wrong.push(`${name}: too large`)
      } catch (error) {
        if (!ProviderFault.is(error)) wrong.push(`${name}: ${String(error)}`)
      }
      if (performance.now() - from > 1000) wrong.push(`${name}: ${performance.now() - from} ms`)
    }
    expect(wrong).toEqual([])
  },
)
