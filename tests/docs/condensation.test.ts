import { expect, test } from 'vitest'
import {
  type Condensed,
  condensedKinds,
  summaryFailures,
  summarySources,
} from '../../packages/core/src/metrics/condensation.ts'
import { condensedInfo } from '../../packages/core/src/proxy-info.ts'
import { summaryLine } from '../../packages/server/src/log/summary-line.ts'
import { formatProblem } from '../../packages/core/src/config/problem.ts'
import { readConfig } from '../../packages/core/src/config/read.ts'
import { readDocument } from './support/markdown.ts'

const page = readDocument('docs/condensation.md')
/** The JSON documents that the page shows. */
const shown = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(
  ([, text = '']) => JSON.parse(text) as Record<string, unknown>,
)

test.each([...condensedKinds, ...summarySources, ...summaryFailures])('the page names %s', (word) => {
  expect(page).toMatch(new RegExp(`[\`"]${word}[\`";]`))
})

test('the line of a summary is the one that the server writes', () => {
  const report = {
    requestId: 'req_7d0f…',
    caller: 'team-a',
    model: 'fast',
    provider: 'gemini',
    background: false,
    calls: 1,
    inputTokens: 11_840,
    outputTokens: 420,
    durationMs: 2310.4,
  }
  const line = shown.find(({ msg }) => msg === 'summary')
  expect(line).toEqual({ level: 'info', time: line?.['time'], ...summaryLine(report), msg: 'summary' })
})

test('what clients are told is what they get', () => {
  const condensed: Condensed = {
    kind: 'summary',
    from: 12_000,
    to: 900,
    source: 'made',
    leftOut: { image: 2 },
    spent: { calls: 1, inputTokens: 11_840, outputTokens: 420, durationMs: 2310.4 },
  }
  const info = shown.find((document) => '_proxy_info' in document)?.['_proxy_info']
  expect(info).toMatchObject({ condensed: condensedInfo(condensed) })
  expect(page).toContain('`summary; from=12000; to=900`')
})

test('every configuration on the page is valid', () => {
  const found = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text)
  expect(found.length).toBeGreaterThan(2)
  for (const text of found) {
    const { problems, warnings } = readConfig(text, { file: 'config.yaml', env: {} })
    expect([...problems, ...warnings].map(formatProblem)).toEqual([])
  }
})
