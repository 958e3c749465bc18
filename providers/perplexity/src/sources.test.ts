import { expect, test } from 'vitest'
import { annotationsOf } from './sources.ts'

test('each marker becomes an annotation', () => {
  const answer = { citations: ['https://a', 'https://b'], search_results: [{ title: 'B', url: 'https://b' }] }
  expect(annotationsOf('x[2] [3]', answer)).toEqual([
    {
      type: 'url_citation',
      url_citation: { url: 'https://b', title: 'B', start_index: 1, end_index: 4 },
    },
  ])
})

test('a long URL is not repeated for each of many markers', () => {
  const answer = { citations: [`https://a/${'x'.repeat(10_000)}`] }
  const annotations = annotationsOf('[1]'.repeat(100_000), answer)
  expect(annotations.length).toBeGreaterThan(10)
  expect(JSON.stringify(annotations).length).toBeLessThan(2 * 1024 * 1024)
})
