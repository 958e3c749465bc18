import { expect, test } from 'vitest'
import { needsOf } from './needs.ts'

const none = { tools: false, images: false, json_schema: false }
const chat = (body: object) => needsOf('chat', { model: 'm', ...body })

test('tools, images and a JSON schema are found in a chat request', () => {
  const image = {
    role: 'user',
    content: [
      { type: 'text', text: '' },
      { type: 'image_url', image_url: { url: '' } },
    ],
  }
  expect(chat({ tools: [{ type: 'function' }] })).toEqual({ ...none, tools: true })
  expect(chat({ functions: [{ name: 'f' }] })).toEqual({ ...none, tools: true })
  expect(chat({ messages: [{ role: 'user', content: 'x' }, image] })).toEqual({ ...none, images: true })
  expect(chat({ response_format: { type: 'json_schema' } })).toEqual({ ...none, json_schema: true })
})

test('empty or absent features are no needs', () => {
  expect(chat({ tools: [], response_format: { type: 'json_object' }, messages: [{ content: 'x' }] })).toEqual(
    none,
  )
  expect(chat({ tools: null, response_format: null, messages: null })).toEqual(none)
  expect(needsOf('embeddings', { model: 'm', tools: [1] })).toEqual(none)
})

test('no shape of a body makes it throw', () => {
  for (const odd of [null, 1, 'x', [], [null], [[null]], [{ content: [null, 1, 'x', {}] }], {}]) {
    expect(chat({ messages: odd, tools: odd, response_format: odd })).toHaveProperty('images', false)
  }
})
