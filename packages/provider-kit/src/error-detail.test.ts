import { describe, expect, test } from 'vitest'
import { errorDetail, errorMessage } from './error-detail.ts'

describe('the message of', () => {
  test.each<[string, unknown, string]>([
    ['an error object', { error: { message: 'm', code: 'c' } }, 'm'],
    ['an error string', { error: 'm' }, 'm'],
    ['an error string beside a code', { code: 'Some phrase', error: 'm' }, 'm'],
    ['a title beside a message', { statusCode: 401, error: 'Unauthorized', message: 'm' }, 'm'],
    ['a flat message', { object: 'error', message: 'm', code: 400 }, 'm'],
    ['a detail', { detail: 'm' }, 'm'],
    ['a problem document', { title: 'Bad', detail: 'm', status: 400 }, 'm'],
    [
      'validation problems',
      { detail: [{ loc: ['body', 'n'], msg: 'too big' }, { msg: 'm' }] },
      'body.n: too big; m',
    ],
    ['an array', [{ error: { message: 'm' } }], 'm'],
    ['an error that is an array', { error: [{ message: 'm' }] }, 'm'],
    ['a message that is an object', { message: { detail: 'm' } }, 'm'],
    ['a flag beside a message', { error: true, message: 'm' }, 'm'],
    ['a nested JSON string', { error: { message: '{"error":{"message":"{\\"message\\":\\"m\\"}"}}' } }, 'm'],
    ['JSON behind a prefix', { error: { message: 'XError: 400 - {"error":{"message":"m"}}' } }, 'm'],
    [
      'raw metadata',
      { error: { message: 'Provider returned error', metadata: { raw: '{"message":"m"}' } } },
      'm',
    ],
    ['escaped quotes', { error: { message: 'the field \\"x\\" is wrong' } }, 'the field "x" is wrong'],
    ['a bare string', 'm', 'm'],
    ['a quoted string', '"m"', 'm'],
  ])('%s', (_, body, expected) => {
    expect(errorMessage(body, JSON.stringify(body))).toBe(expected)
  })

  test.each<[string, unknown]>([
    ['nothing', {}],
    ['an empty message', { error: { message: '  ' } }],
    ['an empty list', []],
    ['null', null],
    ['a number', 7],
    ['a null error', { error: null }],
  ])('%s is absent', (_, body) => {
    expect(errorMessage(body, '')).toBeUndefined()
  })

  test('a circular nesting ends', () => {
    let body: unknown = { message: 'deep' }
    for (let depth = 0; depth < 50; depth++) body = { error: body }
    expect(errorMessage(body, '')).toBeUndefined()
  })
})

describe('a body that is not JSON', () => {
  test('keeps at most 200 characters of text', () => {
    const message = errorMessage(undefined, 'word '.repeat(1000)) ?? ''
    expect(message.length).toBeLessThanOrEqual(200)
    expect(message.endsWith('…')).toBe(true)
  })

  test('loses its tags when it is HTML', () => {
    const page =
      '<!DOCTYPE html><html><head><title>502 Bad Gateway</title><style>p{color:red}</style></head>\r\n<body><center><h1>502 Bad&nbsp;Gateway</h1></center><script>alert("x")</script></body></html>'
    expect(errorMessage(undefined, page)).toBe('502 Bad Gateway 502 Bad Gateway')
  })

  test.each(['<html>' + '<'.repeat(65_000), '\\'.repeat(65_000), '{'.repeat(65_000)])(
    'is read in bounded time: %#',
    (text) => {
      expect(errorMessage(undefined, text)?.length ?? 0).toBeLessThanOrEqual(200)
    },
  )

  test('shows no fragment of truncated JSON: it may quote the request', () => {
    expect(errorMessage(undefined, '{"error":{"message":"cut')).toBeUndefined()
  })

  test('is unwrapped when JSON stands behind a prefix', () => {
    expect(errorMessage(undefined, 'Error code: 400 {"error":{"message":"m"}}')).toBe('m')
  })
})

describe('codes', () => {
  test('are kept when they are words', () => {
    expect(
      errorDetail(
        { error: { message: 'm', code: 'model_not_found', type: 'a_b', param: 'messages[0].name' } },
        '',
      ),
    ).toMatchObject({
      code: 'model_not_found',
      type: 'a_b',
      param: 'messages[0].name',
      words: 'model_not_found a_b',
    })
  })

  test('are dropped when they are phrases', () => {
    expect(
      errorDetail({ code: 'The caller has no permission', error: 'm', param: 'no such thing' }, ''),
    ).toMatchObject({
      code: null,
      param: null,
    })
  })

  test.each<[unknown, number | undefined]>([
    [429, 429],
    ['429', 429],
    [200, undefined],
    [1042, undefined],
    ['42', undefined],
  ])('%j is the status %j', (code, status) => {
    expect(errorDetail({ error: { message: 'm', code } }, '')).toMatchObject({ code: null, status })
  })

  test('of inner errors count as words, and as the code when there is no outer one', () => {
    const inner = JSON.stringify({ error: { message: 'm', code: 'context_length_exceeded' } })
    expect(errorDetail({ error: { message: inner, code: 400 } }, '')).toMatchObject({
      message: 'm',
      code: 'context_length_exceeded',
      status: 400,
    })
  })
})

test.each<[string, string | undefined]>([
  ['{"error":{"message":"too \\"long\\"","code":"x","input":"the prompt', 'too "long"'],
  ['{"detail":[{"loc":["body"],"input":"the prompt of the client', undefined],
  ['{"error":{"message":"the prompt of the cli', undefined],
  ['[{"input":"the prompt', undefined],
])('of JSON that was cut off only a whole text is shown: %s', (text, message) => {
  expect(errorDetail(undefined, text).message).toBe(message)
})

test('places of validation problems are words and numbers, whatever else stands there', () => {
  const detail = [{ loc: ['body', { toString: 1 }, 0], msg: 'wrong' }]
  expect(errorDetail({ detail }, '').message).toBe('body.0: wrong')
})

test('backslashes without end take no time', () => {
  const text = `${'\\'.repeat(60_000)}!`
  const from = performance.now()
  for (let round = 0; round < 20; round += 1) errorDetail({ error: { message: text } }, text)
  expect(performance.now() - from).toBeLessThan(400)
})
