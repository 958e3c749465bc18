import { expect, test } from 'vitest'
import { formatProblem } from './problem.ts'
import { readConfig } from './read.ts'
import { summaryOffWarnings } from './summary-model.ts'

const providers = `providers:
  - {name: main, type: x, models: [big, "gpt-*"]}
  - {name: spare, type: y, enabled: false, models: [small]}
`

function read(condensation: string) {
  const text = `condensation: ${condensation}\n${providers}`
  const { problems, warnings } = readConfig(text, { file: 'config.yaml', env: {} })
  return { problems: problems.map(formatProblem), warnings: warnings.map(formatProblem) }
}

test.each([
  '{}',
  '{provider: main}',
  '{model: big}',
  '{model: main/big}',
  '{model: gpt-5, provider: main}',
  '{provider: main, model: big}',
  '{enabled: false, model: none}',
])('nothing is wrong about %s', (condensation) => {
  expect(read(condensation)).toEqual({ problems: [], warnings: [] })
})

test('a provider that is none', () => {
  expect(read('{provider: mian}').problems).toEqual([
    'config.yaml:1:26 condensation.provider: "mian" is the name of no provider; did you mean "main"?',
  ])
})

test.each([
  [
    '{provider: spare}',
    'condensation.provider: the provider "spare" is switched off, so nobody makes summaries',
  ],
  ['{model: bog}', 'condensation.model: no provider lists "bog", so nobody makes summaries'],
  ['{model: bog}', 'did you mean "big"?'],
  ['{model: small}', 'condensation.model: no provider lists "small"'],
  ['{provider: main, model: small}', 'condensation.model: the provider "main" does not list "small"'],
  [
    '{timeout: 300}',
    'condensation.timeout: a summary that takes so long ends with its request: `request_timeout` is 300',
  ],
  ['{cache_shared: true}', 'condensation.cache_shared: changes nothing without `redis_url`'],
  ['{background: true, cache_ttl: 0}', 'condensation.background: changes nothing with `cache_ttl: 0`'],
])('%s: %s', (condensation, text) => {
  const { problems, warnings } = read(condensation)
  expect(problems).toEqual([])
  expect(warnings).toEqual([expect.stringContaining(text)])
})

test.each([
  ['{provider: main}', ['main'], 'provider'],
  ['{model: big}', ['main'], 'model'],
  ['{provider: main}', [], undefined],
  ['{}', ['main'], undefined],
  ['{enabled: false, provider: main}', ['main'], undefined],
  ['{model: none}', ['main'], undefined],
  ['{provider: spare}', ['spare'], undefined],
])('%s, when %j have no key', (condensation, names, key) => {
  const text = `condensation: ${condensation}\n${providers}`
  const { config } = readConfig(text, { file: 'config.yaml', env: {} })
  const off = names.map((name) => ({ name, reason: 'set KEY' }))
  const message = 'the provider "main" is off (set KEY), so nobody makes summaries: contexts are truncated'
  expect(summaryOffWarnings(config!, off)).toEqual(
    key === undefined ? [] : [{ path: ['condensation', key], message }],
  )
})

test('a keyword that is in nearly every text', () => {
  expect(read('{error_keywords: [" ", "a b"]}').problems).toEqual([
    expect.stringContaining('condensation.error_keywords[0]: must have three letters or more'),
    expect.stringContaining('condensation.error_keywords[1]: must have three letters or more'),
  ])
})
