import type { JsonObject } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import { subsetProblem } from '../test/vendor-rules.ts'
import { isEmptyObjectSchema, openApiSchema } from './schema.ts'

const next = (level: number) => ({ $ref: `#/$defs/l${level + 1}` })

describe('openApiSchema()', () => {
  test.each<[string, JsonObject, JsonObject]>([
    ['null beside a type', { type: ['string', 'null'] }, { type: 'string', nullable: true }],
    ['null alone', { type: 'null' }, { nullable: true }],
    [
      'several types, each with its own keywords',
      { type: ['object', 'array', 'null'], properties: { a: {} }, items: { type: 'string' }, title: 'T' },
      {
        title: 'T',
        anyOf: [
          { type: 'object', properties: { a: {} } },
          { type: 'array', items: { type: 'string' } },
        ],
        nullable: true,
      },
    ],
    ['a constant', { const: 'a' }, { type: 'string', enum: ['a'] }],
    ['choices with null among them', { enum: ['a', null] }, { type: 'string', enum: ['a'], nullable: true }],
    [
      'choices that are no texts',
      { type: 'boolean', enum: [true] },
      { type: 'boolean', description: 'One of: true' },
    ],
    [
      'an alternative of null',
      { anyOf: [{ type: 'integer' }, { type: 'null' }], description: 'd' },
      { type: 'integer', description: 'd', nullable: true },
    ],
    ['formats that are not known', { type: 'string', format: 'email' }, { type: 'string' }],
    ['formats that are', { type: 'string', format: 'date-time' }, { type: 'string', format: 'date-time' }],
    [
      'tuples',
      { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }] },
      { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'number' }] } },
    ],
    [
      'members named like keywords',
      { type: 'object', properties: { const: { type: 'string' }, $ref: { type: 'number' } } },
      { type: 'object', properties: { const: { type: 'string' }, $ref: { type: 'number' } } },
    ],
    ['references that lead nowhere', { $ref: '#/$defs/none' }, { type: 'object' }],
    ['references to elsewhere', { $ref: 'https://example.com/schema' }, { type: 'object' }],
    [
      'schemas that are no objects',
      { type: 'object', properties: { any: true } },
      { type: 'object', properties: { any: {} } },
    ],
  ])('%s', (_, given, expected) => {
    expect(openApiSchema(given, 'here')).toEqual(expected)
  })

  test('references with escaped names, and beside other keywords', () => {
    const schema = {
      type: 'object',
      properties: { a: { $ref: '#/definitions/x~1y', description: 'mine' } },
      definitions: { 'x/y': { type: 'string', description: 'theirs' } },
    }
    expect(openApiSchema(schema, 'here')['properties']).toEqual({
      a: { type: 'string', description: 'mine' },
    })
  })

  test('a schema that contains itself ends in a plain object', () => {
    const tree = { type: 'object', properties: { child: { $ref: '#' }, all: { allOf: [{ $ref: '#' }] } } }
    const written = openApiSchema(tree, 'here')
    expect(subsetProblem(written)).toBeUndefined()
    expect(JSON.stringify(written).length).toBeLessThan(1000)
  })

  test('a schema that grows without bounds is refused with its path', () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 40 }, (_, level) => [
        `l${level}`,
        { type: 'object', properties: { a: next(level), b: next(level) } },
      ]),
    )
    expect(() => openApiSchema({ $ref: '#/$defs/l0', $defs }, 'tools[0]')).toThrow('tools[0]: is too large')
  })

  test('a schema that is deep only through its references is refused, and does not overflow', () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 4900 }, (_, level) => [
        `l${level}`,
        { type: 'object', properties: { a: next(level) } },
      ]),
    )
    expect(() => openApiSchema({ $ref: '#/$defs/l0', $defs }, 'tools[0]')).toThrow('tools[0]: is too large')
  })

  test.each([{ description: 'x'.repeat(100_000) }, { enum: ['x'.repeat(100_000)] }])(
    'a long text is not copied as often as anybody likes',
    (long) => {
      const reference = { $ref: '#/$defs/long' }
      const names = Array.from({ length: 1000 }, (_, index) => `p${index}`)
      const properties = Object.fromEntries(names.map((name) => [name, reference]))
      const schema = { type: 'object', properties, $defs: { long: { type: 'string', ...long } } }
      expect(() => openApiSchema(schema, 'here')).toThrow('here: is too large')
      const once = { type: 'object', properties: { a: reference, b: { type: 'string', ...long } } }
      expect(() => openApiSchema({ ...once, $defs: schema.$defs }, 'here')).not.toThrow()
    },
  )

  test('references are percent-encoded; names of anchors are not taken for the whole schema', () => {
    const properties = { a: { $ref: '#/$defs/My%20type' }, b: { $ref: '#anchor' }, c: { $ref: '#/%' } }
    const $defs = { 'My type': { type: 'integer' } }
    expect(openApiSchema({ type: 'object', properties, $defs }, 'here')).toEqual({
      type: 'object',
      properties: { a: { type: 'integer' }, b: { type: 'object' }, c: { type: 'object' } },
    })
  })

  test('what comes out stays within the subset', () => {
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      allOf: [
        { $ref: '#/$defs/base' },
        { required: ['b'], properties: { b: { oneOf: [{ const: 'x' }, { const: 'y' }] } } },
      ],
      $defs: {
        base: {
          type: 'object',
          additionalProperties: false,
          properties: { a: { type: ['integer', 'null'] } },
        },
      },
      unevaluatedProperties: false,
    }
    const written = openApiSchema(schema, 'here')
    expect(subsetProblem(written)).toBeUndefined()
    expect(written).toMatchObject({ type: 'object', required: ['b'], properties: { a: {}, b: {} } })
  })
})

test.each<[JsonObject, boolean]>([
  [{}, true],
  [{ type: 'object', properties: {}, additionalProperties: false }, true],
  [{ type: 'object', properties: { a: {} } }, false],
  [{ type: 'object', additionalProperties: { type: 'string' } }, false],
  [{ $ref: '#/$defs/a' }, false],
])('%j says that there are no arguments: %j', (schema, empty) => {
  expect(isEmptyObjectSchema(schema)).toBe(empty)
})
