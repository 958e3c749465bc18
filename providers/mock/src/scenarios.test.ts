import { expect, test } from 'vitest'
import { ask, chat, events, parse, streamedText } from '../test/ask.ts'
import { scenarios } from './scenarios.ts'

const stream = { stream: true }

/** Scenarios that are written so plainly that a reader of lines gets the whole text. */
const writtenOtherwise = new Set(['comment-as-data', 'crlf', 'no-space', 'multiline-data'])

const pack = `ok comments comment-as-data no-done no-finish cut clean-end error-data error-event error-empty-choices
  no-choices-usage foreign-object empty-choices no-delta usage-null finish-empty finish-unknown crlf no-space
  reasoning-content reasoning tools-normal tools-no-id tools-no-index tools-null-name tools-repeated-id tools-empty-args
  tools-all-index-0 tools-first-index-1 tools-finish-stop usage-every-chunk double-done double-finish done-stays-open
  empty-choices-filter bom multiline-data utf8-split`

test('the pack has every scenario, each name once', () => {
  expect(scenarios.map((scenario) => scenario.name).sort()).toEqual(pack.split(/\s+/).sort())
})

for (const scenario of scenarios.filter((each) => !writtenOtherwise.has(each.name))) {
  test(`scenario ${scenario.name} streams the text it promises`, () => {
    expect(streamedText(ask(chat(`mock-scenario-${scenario.name}`, stream)))).toBe(scenario.text)
  })
}

for (const scenario of scenarios.filter((each) => each.toolCalls)) {
  test(`scenario ${scenario.name} streams the argument text it promises`, () => {
    const deltas = events(ask(chat(`mock-scenario-${scenario.name}`, stream))).flatMap(
      (event) => event.choices?.[0]?.delta?.tool_calls ?? [],
    )
    const all = deltas.map((delta: { function: { arguments: string } }) => delta.function.arguments).join('')
    expect(all).toBe(scenario.toolCalls?.map((call) => call.arguments).join(''))
  })
}

test('a scenario is byte-exact', () => {
  const chunk = (delta: string, finish: string): string =>
    `data: {"id":"chatcmpl-mock-scenario","object":"chat.completion.chunk","created":1700000000,"model":"mock-scenario-no-finish","choices":[{"index":0,"delta":${delta},"finish_reason":${finish}}]}\n\n`
  expect(ask(chat('mock-scenario-no-finish', stream)).text).toBe(
    `${chunk('{"role":"assistant","content":""}', 'null')}${chunk('{"content":"Hello"}', 'null')}${chunk('{"content":" world"}', 'null')}data: [DONE]\n\n`,
  )
})

test('the other ways to write SSE are what they say', () => {
  const text = (name: string): string => ask(chat(`mock-scenario-${name}`, stream)).text
  expect(text('crlf').replaceAll('\r\n', '\n').replaceAll('scenario-crlf', 'scenario-ok')).toBe(text('ok'))
  expect(text('no-space')).toMatch(/^data:\{/)
  expect(
    text('multiline-data').replaceAll('\ndata: "', '"').replaceAll('scenario-multiline-data', 'scenario-ok'),
  ).toBe(text('ok'))
  expect(text('bom').charCodeAt(0)).toBe(0xfeff)
  expect(text('comment-as-data')).toMatch(/^data: : PROCESSING\n\n/)
})

test('endings are the ones they are named after', () => {
  expect(ask(chat('mock-scenario-cut', stream)).ending).toBe('cut')
  expect(ask(chat('mock-scenario-clean-end', stream)).text).not.toContain('DONE')
  expect(ask(chat('mock-scenario-done-stays-open', stream)).waits).toEqual([10_000])
  expect(ask(chat('mock-scenario-double-done', stream)).text.match(/\[DONE\]/g)).toHaveLength(2)
})

test('whole answers are the ordinary form, and tool results are answered with text', () => {
  expect(parse(ask(chat('mock-scenario-crlf'))).choices[0].message.content).toBe('Hello world')
  const called = parse(ask(chat('mock-scenario-tools-no-id'))).choices[0]
  expect(called.message.tool_calls).toHaveLength(2)
  const results = called.message.tool_calls.map((call: { id: string }) => ({
    role: 'tool',
    tool_call_id: call.id,
    content: 'ok',
  }))
  const messages = [{ role: 'user', content: 'Hi' }, called.message, ...results]
  expect(streamedText(ask(chat('mock-scenario-tools-normal', { messages, ...stream })))).toBe(
    'The tool said: ok',
  )
})
