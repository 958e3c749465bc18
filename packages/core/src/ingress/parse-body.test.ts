import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GatewayError } from '../errors.ts'
import { parseBody } from './parse-body.ts'
import { findJsonMistake } from './parse-body-json.ts'

type Operation = Parameters<typeof parseBody>[0]

function refusal(operation: Operation, body: string | Uint8Array): GatewayError {
  try {
    parseBody(operation, Buffer.from(body))
  } catch (error) {
    if (GatewayError.is(error)) return error
    throw error
  }
  throw new Error('the body was accepted')
}

const chat = (members: object): string =>
  JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }], ...members })
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`

describe('bytes that are no body', () => {
  test.each<[string, string | Uint8Array, RegExp, string]>([
    ['nothing', '', /empty/, 'empty_body'],
    ['white space', ' \n ', /white space/, 'empty_body'],
    [
      'invalid UTF-8',
      Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]),
      /not valid UTF-8 at byte 2/,
      'invalid_utf8',
    ],
    ['cut UTF-8', Buffer.from('{"é').subarray(0, 3), /not valid UTF-8 at byte 2/, 'invalid_utf8'],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le'), /not valid JSON/, 'invalid_json'],
    ['a byte order mark', '\uFEFF{}', /byte order mark/, 'invalid_json'],
    [
      'truncated',
      '{"model":"m","messages":[{"role":"us',
      /line 1, column 37: expected the closing quote/,
      'invalid_json',
    ],
    [
      'truncated after a member',
      '{"model":"m"',
      /column 13: expected a comma or a closing bracket, found the end/,
      'invalid_json',
    ],
    ['truncated after a comma', '{"a":1,', /expected a key in double quotes, found the end/, 'invalid_json'],
    ['truncated after a colon', '{"a":', /expected a value, found the end/, 'invalid_json'],
    ['a trailing comma', '{"a":1,}', /column 8: expected a key in double quotes, found "}"/, 'invalid_json'],
    ['a trailing comma in an array', '{"a":[1,]}', /column 9: expected a value, found "]"/, 'invalid_json'],
    [
      'single quotes',
      "{'a':1}",
      /column 2: expected a key in double quotes or "}", found "'"/,
      'invalid_json',
    ],
    ['a bare key', '{a:1}', /column 2: .* found "a"/, 'invalid_json'],
    ['no colon', '{"a" 1}', /column 6: expected ":", found "1"/, 'invalid_json'],
    ['a second line', '{\n  "a": tru\n}', /line 2, column 8: expected a value, found "t"/, 'invalid_json'],
    ['two bodies', '{}{}', /column 3: expected the end of the text, found "{"/, 'invalid_json'],
    [
      'a wrong bracket',
      '{"a":[1}',
      /column 8: expected a comma or a closing bracket, found "}"/,
      'invalid_json',
    ],
    ['NaN', '{"a":NaN}', /column 6: expected a value, found "N"/, 'invalid_json'],
    ['a leading zero', '{"a":01}', /column 6: expected a value, found "0"/, 'invalid_json'],
    [
      'a raw line break in a string',
      '{"a":"b\nc"}',
      /column 8: expected no control character/,
      'invalid_json',
    ],
    ['a wrong escape', '{"a":"\\x"}', /column 7: expected a valid escape/, 'invalid_json'],
    ['a comment', '{"a":1 /* */}', /column 8: .* found "\/"/, 'invalid_json'],
    ['a form', 'model=m&prompt=p', /column 1: expected a value, found "m"/, 'invalid_json'],
    ['an array', '[]', /must be a JSON object, found an empty array/, 'invalid_json'],
    ['null', 'null', /found null/, 'invalid_json'],
    ['a string', '"x"', /found a string/, 'invalid_json'],
    ['a number', '1', /found 1/, 'invalid_json'],
    ['true', 'true', /found true/, 'invalid_json'],
    ['brackets without end', '['.repeat(100_000), /expected a value or "]", found the end/, 'invalid_json'],
    [
      'an unfinished string of megabytes',
      `{"a":"${'x\\n'.repeat(1_000_000)}`,
      /closing quote/,
      'invalid_json',
    ],
    ['201 levels', `{"a":${nested(200)}}`, /deeper than 200 levels at a\[0\]/, 'json_too_deep'],
    ['100,000 levels', `{"a":${nested(100_000)}}`, /deeper than 200 levels/, 'json_too_deep'],
    ['201 objects', `${'{"a":'.repeat(201)}1${'}'.repeat(201)}`, /deeper than 200 levels/, 'json_too_deep'],
    ['__proto__', '{"__proto__":{"x":1}}', /the key __proto__ is not allowed/, 'forbidden_key'],
    ['__proto__ with a plain value', '{"__proto__":1}', /the key __proto__/, 'forbidden_key'],
    [
      '__proto__ in escapes',
      '{"a":[{"\\u005f_proto\\u005F_":1}]}',
      /the key a\[0\]\.__proto__/,
      'forbidden_key',
    ],
    [
      'constructor.prototype',
      '{"a":{"constructor":{"prototype":{}}}}',
      /a\.constructor\.prototype/,
      'forbidden_key',
    ],
  ])('%s', (_, body, message, code) => {
    const error = refusal('chat', body)
    expect(error.message).toMatch(message)
    expect(error).toMatchObject({ status: 400, type: 'invalid_request_error', code })
    expect(error.message.length).toBeLessThan(400)
  })
})

describe('depth', () => {
  test('200 levels are not too many', () => {
    expect(() => parseBody('chat', Buffer.from(chat({ x: JSON.parse(nested(199)) })))).not.toThrow()
    expect(refusal('chat', chat({ x: JSON.parse(nested(200)) })).code).toBe('json_too_deep')
  })
})

describe('properties', () => {
  test('whatever the bytes are, the answer is a body or a 400', () => {
    const odd = fc.oneof(fc.jsonValue(), fc.constantFrom(null, [], {}, '', 0, [null], [[]], [{}]))
    const keys = [
      'messages',
      'prompt',
      'input',
      'stream',
      'tools',
      'stop',
      'n',
      'stream_options',
      'tool_choice',
      'role',
      'content',
      'tool_calls',
      'function',
      'type',
    ]
    const message = fc.dictionary(
      fc.constantFrom('role', 'content', 'tool_calls', 'name', 'tool_call_id'),
      fc.oneof(odd, fc.constantFrom('user', 'tool', 'assistant')),
    )
    const body = fc.dictionary(fc.constantFrom(...keys), fc.oneof(odd, fc.array(message, { maxLength: 3 })))
    const operation = fc.constantFrom<Operation>('chat', 'completions', 'embeddings', 'images', 'videos')
    fc.assert(
      fc.property(operation, body, fc.nat(400), (name, members, cut) => {
        const whole = Buffer.from(JSON.stringify({ model: 'm', ...members }))
        for (const bytes of [whole, whole.subarray(0, cut)]) {
          try {
            parseBody(name, bytes)
          } catch (error) {
            if (!GatewayError.is(error) || error.status !== 400) throw error
          }
        }
      }),
      { numRuns: 1500 },
    )
  })

  test('a mistake is found exactly where JSON.parse refuses', () => {
    const piece = fc.oneof(
      fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '1', '-', 'null', ' ', '"', '\\', 'x', '0'),
      fc.json(),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const source = pieces.join('')
        let valid = true
        try {
          JSON.parse(source)
        } catch {
          valid = false
        }
        expect(findJsonMistake(source) === undefined).toBe(valid)
      }),
      { numRuns: 3000 },
    )
  })
})
