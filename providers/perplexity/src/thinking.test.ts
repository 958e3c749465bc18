import { expect, test } from 'vitest'
import { ThinkSplitter } from './thinking.ts'

function told(pieces: readonly string[]): readonly [reasoning: string, content: string] {
  const splitter = new ThinkSplitter()
  const all = [...pieces.map((piece) => splitter.push(piece)), splitter.end()]
  return [all.map(({ reasoning }) => reasoning).join(''), all.map(({ content }) => content).join('')]
}

test.each<[string, string, string]>([
  ['<think>Hm.</think>Yes.', 'Hm.', 'Yes.'],
  ['\n<think>\n\nHm.\n</think>\n\nYes.\n', 'Hm.\n', 'Yes.\n'],
  ['<think></think>Yes.', '', 'Yes.'],
  ['<think>a </thin b</think></think> c', 'a </thin b', '</think> c'],
  ['<think>never closed', 'never closed', ''],
  ['<think>almost closed</thin', 'almost closed</thin', ''],
  ['Yes <think>no</think>.', '', 'Yes <think>no</think>.'],
  ['<thinking>Yes', '', '<thinking>Yes'],
  ['<thi', '', '<thi'],
  ['  Yes', '', '  Yes'],
  ['', '', ''],
  ['<think>👋🏽</think>👋🏽', '👋🏽', '👋🏽'],
])('%j is taken apart alike however it is cut', (text, reasoning, content) => {
  const expected = [reasoning, content]
  expect(told([text])).toEqual(expected)
  expect(told(Array.from(text))).toEqual(expected)
  for (let first = 0; first <= text.length; first += 1)
    for (let second = first; second <= text.length; second += 1)
      expect(told([text.slice(0, first), text.slice(first, second), text.slice(second)])).toEqual(expected)
})

test('what cannot be a tag any more goes out at once', () => {
  const splitter = new ThinkSplitter()
  expect(splitter.push('<th')).toEqual({ reasoning: '', content: '' })
  expect(splitter.push('ey')).toEqual({ reasoning: '', content: '<they' })
  expect(splitter.push('</think>')).toEqual({ reasoning: '', content: '</think>' })
})
