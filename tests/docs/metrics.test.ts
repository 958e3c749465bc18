import { globSync } from 'node:fs'
import { expect, test } from 'vitest'
import { systemClock } from '../../packages/core/src/clock.ts'
import { Ledger } from '../../packages/core/src/metrics/ledger.ts'
import { prometheus } from '../../packages/core/src/metrics/prometheus.ts'
import { readDocument, root } from './support/markdown.ts'

const operations = readDocument('docs/operations.md')
/** First column of the table of metrics. */
const documented = [...operations.matchAll(/^\| `((?:llmproxy|gen_ai)_\w+)`/gm)].map(([, name = '']) => name)

test('every family of the Prometheus page stands in docs/operations.md', () => {
  const families = [...prometheus(new Ledger(systemClock).snapshot()).matchAll(/^# TYPE (\w+) /gm)].map(
    ([, name = '']) => name,
  )
  expect(families.length).toBeGreaterThan(20)
  expect(families.filter((name) => !documented.includes(name))).toEqual([])
})

test('every metric that a document names is one of the gateway', () => {
  const sources = globSync('packages/{core,server}/src/**/*.ts', { cwd: root })
    .filter((path) => !path.endsWith('.test.ts'))
    .map(readDocument)
    .join('\n')
  const named = globSync(['*.md', 'docs/*.md'], { cwd: root }).flatMap((path) =>
    [...readDocument(path).matchAll(/`(llmproxy_\w+[a-z])(?:\{[^`]*\})?`/g)].map(([, name = '']) => name),
  )
  expect(new Set(named).size).toBeGreaterThan(20)
  const known = (name: string) => sources.includes(`'${name.replace(/_total$/, '')}'`)
  expect([...new Set([...named, ...documented])].filter((name) => !known(name))).toEqual([])
})
