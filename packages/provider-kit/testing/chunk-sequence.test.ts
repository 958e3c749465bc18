import { expect, test } from 'vitest'
import { chunkSequenceProblems, collectChunks } from './chunk-sequence.ts'

const head = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm' }
const usage = { ...head, choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } }

function chunk(delta: object, finish: string | null = null, index = 0): object {
  return { ...head, choices: [{ index, delta, finish_reason: finish }] }
}

function tool(index: number, fields: object): object {
  return chunk({ tool_calls: [{ index, ...fields }] })
}

const first = chunk({ role: 'assistant', content: '' })
const end = chunk({}, 'stop')
const start = (index: number, json = ''): object =>
  tool(index, { id: `t${index}`, type: 'function', function: { name: 'f', arguments: json } })

test('a whole stream with tools, several choices and usage is fine', () => {
  const more = (json: string): object => tool(0, { function: { arguments: json } })
  expect(chunkSequenceProblems([first, chunk({ content: 'a' }), end, usage])).toEqual([])
  expect(
    chunkSequenceProblems([
      first,
      start(0),
      more('{"a":'),
      more('1}'),
      start(1, '{}'),
      chunk({}, 'tool_calls'),
    ]),
  ).toEqual([])
  const other = [
    chunk({ role: 'assistant' }, null, 1),
    chunk({ content: 'b' }, null, 1),
    chunk({}, 'length', 1),
  ]
  expect(chunkSequenceProblems([first, ...other, end])).toEqual([])
})

test.each<[string, object[], string]>([
  ['no chunk', [], 'no choice in the whole stream'],
  ['no role', [chunk({ content: 'a' }), end], '0 role deltas'],
  ['two roles', [first, first, end], '2 role deltas'],
  ['a late role', [chunk({ content: 'a' }), first, end], 'the role is not in the first delta'],
  ['no finish reason', [first], '0 finish reasons'],
  ['two finish reasons', [first, end, end], '2 finish reasons'],
  ['words after the end', [first, end, chunk({ content: 'a' })], 'a delta after the finish reason'],
  ['another id', [first, { ...end, id: 'd' }], 'id changes'],
  ['another model', [first, { ...end, model: 'n' }], 'model changes'],
  ['a tool call from 1', [first, start(1), end], 'tool call index 1 where 0 comes next'],
  [
    'a tool call without name',
    [first, tool(0, { id: 't', function: { arguments: '' } }), end],
    'lacks its id or name',
  ],
  ['another tool id', [first, start(0), tool(0, { id: 'u' }), end], 'changes its id'],
  ['cut arguments', [first, start(0, '{"a'), chunk({}, 'tool_calls')], 'arguments are not JSON'],
  ['tool_calls without one', [first, chunk({}, 'tool_calls')], 'without a tool call'],
  ['usage before the end', [first, usage, end], 'the usage chunk is not the last'],
  ['usage twice', [first, end, usage, usage], '2 usage chunks'],
])('%s is a problem', (_, chunks, problem) => {
  expect(chunkSequenceProblems(chunks).join('\n')).toContain(problem)
})

test('completions have text and no role', () => {
  const text = (piece: string, finish: string | null): object => ({
    ...head,
    object: 'text_completion',
    choices: [{ index: 0, text: piece, finish_reason: finish }],
  })
  expect(chunkSequenceProblems([text('a', null), text('b', 'length')], 'completions')).toEqual([])
  expect(collectChunks([text('a', null), text('b', 'length')]).get(0)).toMatchObject({
    content: 'ab',
    finishReasons: ['length'],
  })
})
