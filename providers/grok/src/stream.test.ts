import { collectChunks } from '@llmproxy/provider-kit/testing'
import { expect, test } from 'vitest'
import { faultOf, sampleCall } from '../test/subject.ts'
import { chunkDecoder } from './stream.ts'

const choice = (delta: object, index = 0, more: object = {}): object => ({ index, delta, ...more })
const frame = (...choices: object[]): string => JSON.stringify({ choices })
const finish = (index = 0): object => choice({}, index, { finish_reason: 'stop' })
const thinking = 'Thinking... '

/** The chunks of these events, and of the close behind them. */
function decoded(events: readonly string[], body: object = {}) {
  const decoder = chunkDecoder(sampleCall({ stream: true, ...body }, { stream: true }))
  return [...events.flatMap((data) => decoder.event({ data })), ...(decoder.end?.() ?? [])]
}

const thoughts = (events: readonly string[], body: object = {}): string[] =>
  decoded(events, body).flatMap(({ choices }) =>
    choices.flatMap(({ delta }) => delta.reasoning_content ?? []),
  )

test('only the placeholder is thinned out, and only where it repeats', () => {
  const said = [
    '\n',
    '\n',
    thinking,
    thinking,
    'a',
    thinking,
    thinking,
    'Thinking... of it',
    'Thinking... of it',
  ]
  const events = [...said.map((text) => frame(choice({ reasoning_content: text }))), frame(finish())]
  expect(thoughts(events)).toEqual([
    '\n',
    '\n',
    thinking,
    'a',
    thinking,
    'Thinking... of it',
    'Thinking... of it',
  ])
})

test('each choice has placeholders of its own', () => {
  const both = frame(choice({ reasoning_content: thinking }), choice({ reasoning_content: thinking }, 1))
  expect(thoughts([both, both, frame(finish(), finish(1))], { n: 2 })).toEqual([thinking, thinking])
})

test('what comes beside a placeholder stays', () => {
  const beside = { reasoning_content: thinking, content: 'a' }
  const chunks = decoded([frame(choice(beside)), frame(choice(beside)), frame(finish())])
  expect(collectChunks(chunks).get(0)?.content).toBe('aa')
})

test.each<[string, string[], string]>([
  ['nothing', [], 'bad_response'],
  ['half an answer', [frame(choice({ content: 'a' }))], 'bad_response'],
  ['half of its choices', [frame(choice({ content: 'a' }), choice({}, 1)), frame(finish())], 'bad_response'],
  ['a word of failure', [frame(choice({}, 0, { finish_reason: 'error' }))], 'upstream'],
  ['an error', [JSON.stringify({ code: 'Some resource has been exhausted', error: 'm' })], 'rate_limit'],
  ['no JSON', ['nonsense'], 'bad_response'],
])('a stream of %s is none', (_, events, kind) => {
  expect(faultOf(() => decoded(events)).kind).toBe(kind)
})
