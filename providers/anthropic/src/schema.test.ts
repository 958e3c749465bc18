import { expect, test } from 'vitest'
import { cleanSchema } from './schema.ts'

test('objects are closed at every level', () => {
  const inner = { type: 'object', properties: { a: { type: 'string' } } }
  const schema = { type: 'object', properties: { list: { type: 'array', items: inner } }, $defs: { inner } }
  const closed = { ...inner, additionalProperties: false }
  expect(cleanSchema(schema)).toEqual({
    schema: {
      type: 'object',
      properties: { list: { type: 'array', items: closed } },
      $defs: { inner: closed },
      additionalProperties: false,
    },
    lossy: false,
  })
})

test('refused constraints move to the description', () => {
  const schema = { type: 'string', description: 'A name', minLength: 2, pattern: '^a', format: 'phone' }
  expect(cleanSchema(schema)).toEqual({
    schema: {
      type: 'string',
      description: 'A name\nConstraints: minLength: 2, pattern: "^a", format: "phone"',
    },
    lossy: true,
  })
})

test('properties that are named like constraints are properties', () => {
  const schema = { type: 'object', properties: { minimum: { type: 'number' }, not: { type: 'string' } } }
  expect(cleanSchema(schema)).toEqual({ schema: { ...schema, additionalProperties: false }, lossy: false })
})

test('oneOf becomes anyOf, and a known format stays', () => {
  const schema = { oneOf: [{ type: 'string', format: 'date-time' }, { type: 'null' }] }
  expect(cleanSchema(schema)).toEqual({ schema: { anyOf: schema.oneOf }, lossy: false })
})

test('open objects are closed with a loss, and the input is not modified', () => {
  const schema = Object.freeze({ type: ['object', 'null'], additionalProperties: { type: 'string' } })
  expect(cleanSchema(schema)).toEqual({ schema: { ...schema, additionalProperties: false }, lossy: true })
})
