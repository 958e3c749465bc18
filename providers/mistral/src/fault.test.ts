import { describe, expect, test } from 'vitest'
import { mistralFault } from './fault.ts'

function failed(status: number, body: unknown) {
  return mistralFault({ status, headers: {}, body, text: JSON.stringify(body), inBand: false })
}

describe('mistralFault()', () => {
  test('an error whose type is invalid_model means that another provider may have it', () => {
    const body = { object: 'error', message: 'Invalid model: x', type: 'invalid_model', code: '1500' }
    expect(failed(400, body)).toMatchObject({ kind: 'model_not_found', message: 'Invalid model: x' })
  })

  test('validation problems name their place and never repeat their input', () => {
    const detail = [
      {
        loc: ['body', 'messages', 2, 'content', 0],
        msg: 'Field required',
        type: 'missing',
        input: 'the prompt',
      },
      {
        loc: ['body', 'tools'],
        msg: 'Input should be a list',
        input: { prompt: 'the prompt' },
        ctx: 'the prompt',
      },
    ]
    for (const body of [
      { detail },
      { object: 'error', message: { detail }, type: 'invalid_request_error' },
    ]) {
      const fault = failed(422, body)
      expect(fault).toMatchObject({ kind: 'invalid_request', param: 'messages[2].content[0]' })
      expect(JSON.stringify(fault)).not.toContain('the prompt')
    }
  })

  test.each([
    [{ loc: ['body'], msg: 'Too long', input: 'the prompt '.repeat(9000) }, 'Too long'],
    [{ input: 'the prompt '.repeat(9000), msg: 'Too long' }, '422'],
    [{ input: { msg: 'the prompt' }, ctx: 'the prompt '.repeat(9000), msg: 'Too long' }, '422'],
  ])('a problem whose input is too long to be read whole does not repeat its beginning', (problem, told) => {
    const text = JSON.stringify({ detail: [problem] }).slice(0, 65_536)
    const fault = mistralFault({ status: 422, headers: {}, body: undefined, text, inBand: false })
    expect(fault.kind).toBe('invalid_request')
    expect(fault.message).toContain(told)
    expect(fault.message).not.toContain('prompt')
  })

  test.each([
    [[]],
    [[null]],
    [[{ loc: 'body' }]],
    [[{ loc: ['body'] }]],
    [[{ loc: ['body', 'a b'] }]],
    ['x'],
    [null],
  ])('a detail %j without a place has no param', (detail) => {
    expect(failed(422, { detail })).toMatchObject({ kind: 'invalid_request', param: null })
  })
})
