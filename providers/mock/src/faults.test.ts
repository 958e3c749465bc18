import { expect, test } from 'vitest'
import { ask, askMessages, chat, events, messages, parse, streamedText } from '../test/ask.ts'

const stream = { stream: true }

test('error statuses carry the error body of each wire', () => {
  const limited = ask(chat('mock-error-429-retry-7'))
  expect(limited).toMatchObject({ status: 429, headers: { 'retry-after': '7' } })
  expect(parse(limited).error).toMatchObject({ code: 'rate_limit_exceeded' })
  expect(ask(chat('mock-error-429')).headers).not.toHaveProperty('retry-after')
  expect(parse(ask(chat('mock-error-401'))).error.code).toBe('invalid_api_key')
  const overloaded = askMessages(messages('mock-error-529'))
  expect(overloaded.status).toBe(529)
  expect(parse(overloaded)).toMatchObject({ type: 'error', error: { type: 'overloaded_error' } })
  expect(ask(chat('mock-quota')).status).toBe(429)
  expect(askMessages(messages('mock-quota')).status).toBe(402)
})

test('an HTML answer is not JSON', () => {
  const page = ask(chat('mock-html-502'))
  expect(page).toMatchObject({ status: 502, headers: { 'content-type': 'text/html' } })
  expect(page.text).toMatch(/^<html>/)
})

test('refused and hang end before any head', () => {
  expect(ask(chat('mock-refused'))).toMatchObject({ status: 0, ending: 'refuse' })
  expect(ask(chat('mock-hang'))).toMatchObject({ status: 0, ending: 'hang' })
})

test('faults after n chunks let exactly n content chunks through', () => {
  const cut = ask(chat('mock-chunks-9-cut-after-3', stream))
  expect(cut.ending).toBe('cut')
  expect(streamedText(cut)).toBe('w1 w2 w3 ')
  expect(streamedText(ask(chat('mock-chunks-9-cut-after-0', stream)))).toBe('')
  const hanging = ask(chat('mock-chunks-9-hang-after-3', stream))
  expect(hanging.ending).toBe('hang')
  expect(streamedText(hanging)).toBe('w1 w2 w3 ')
  const failing = ask(chat('mock-chunks-9-error-after-3-error-529', stream))
  expect(failing.ending).toBe('end')
  expect(events(failing).at(-1).error.type).toBe('overloaded_error')
  const late = ask(chat('mock-chunks-2-cut-after-50', stream))
  expect(late.ending).toBe('end')
})

test('a first error is the only event, on both wires', () => {
  const first = ask(chat('mock-first-error', stream))
  expect(first.status).toBe(200)
  expect(events(first)).toHaveLength(1)
  expect(askMessages(messages('mock-first-error-error-529', stream)).text).toBe(
    'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n',
  )
  expect(parse(ask(chat('mock-first-error')))).toHaveProperty('error')
})

test('no-done and no-finish leave out exactly that', () => {
  const noDone = ask(chat('mock-no-done', stream))
  expect(noDone.text).not.toContain('[DONE]')
  expect(noDone.text).toContain('"finish_reason":"stop"')
  const noFinish = ask(chat('mock-no-finish', stream))
  expect(noFinish.text).toContain('[DONE]')
  expect(noFinish.text).not.toContain('"finish_reason":"stop"')
  expect(askMessages(messages('mock-no-done', stream)).text).not.toContain('message_stop')
  expect(askMessages(messages('mock-no-finish', stream)).text).not.toContain('message_delta')
})

test('truncated and malformed bodies', () => {
  const cut = ask(chat('mock-cut-body'))
  expect(cut.ending).toBe('cut')
  expect(Number(cut.headers['content-length'])).toBeGreaterThan(cut.text.length)
  expect(ask(chat('mock-cut-body', stream)).ending).toBe('cut')
  const malformed = ask(chat('mock-malformed'))
  expect(malformed.ending).toBe('end')
  expect(() => parse(malformed)).toThrow(SyntaxError)
  expect(() => events(ask(chat('mock-malformed', stream)))).toThrow(SyntaxError)
  expect(ask(chat('mock-empty'))).toMatchObject({ status: 200, text: '' })
})

test('a window refuses what is larger, on both wires', () => {
  const content = 'x'.repeat(400)
  const large = { messages: [{ role: 'user', content }] }
  expect(parse(ask(chat('mock-window-99', large))).error.code).toBe('context_length_exceeded')
  expect(ask(chat('mock-window-100', large)).status).toBe(200)
  expect(parse(askMessages(messages('mock-window-99', large))).error.message).toBe(
    'prompt is too long: 100 tokens > 99 maximum',
  )
  expect(ask(chat('mock-context-length')).status).toBe(400)
  expect(parse(ask(chat('mock-content-filter'))).error.code).toBe('content_filter')
})

test('flaky fails first and works then, with the faults of its own name', () => {
  expect(ask(chat('mock-flaky-2'), { earlier: 1 }).status).toBe(500)
  expect(ask(chat('mock-flaky-2'), { earlier: 2 }).status).toBe(200)
  expect(ask(chat('mock-flaky-1-error-429'), { earlier: 0 }).status).toBe(429)
  expect(ask(chat('mock-flaky-1-error-429'), { earlier: 1 }).status).toBe(200)
  expect(ask(chat('mock-flaky-1-cut-after-1-echo', stream), { earlier: 1 }).ending).toBe('end')
})

test('latency, silence and drip wait where they say', () => {
  expect(ask(chat('mock-latency-500')).waits).toEqual([500])
  expect(ask(chat('mock-silent-70000', stream)).waits).toEqual([70_000])
  expect(ask(chat('mock-silent-70000')).waits).toEqual([70_000])
  const dripped = ask(chat('mock-drip-5'))
  expect(dripped.waits).toHaveLength(Buffer.byteLength(dripped.text))
  expect(parse(dripped).model).toBe('mock-drip-5')
})
