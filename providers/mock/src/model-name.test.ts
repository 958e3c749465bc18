import { expect, test } from 'vitest'
import { directives, exampleModel } from './directives.ts'
import { parseModelName } from './model-name.ts'

function behaviour(model: string): object {
  const parsed = parseModelName(model)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed.behaviour
}

function problem(model: string): string {
  const parsed = parseModelName(model)
  return 'problem' in parsed ? parsed.problem : ''
}

test('directives combine, each with its numbers', () => {
  expect(behaviour('mock-chunks-20-gap-50-cut-after-3')).toEqual({
    chunks: [20],
    gap: [50],
    'cut-after': [3],
  })
  expect(behaviour('mock-usage-1000-200-echo')).toEqual({ usage: [1000, 200], echo: [] })
})

test('the longest directive name wins', () => {
  expect(behaviour('mock-error-after-3-error-429')).toEqual({ 'error-after': [3], error: [429] })
  expect(behaviour('mock-tool-noargs')).toEqual({ 'tool-noargs': [] })
  expect(behaviour('mock-embed-floats-embed-4')).toEqual({ 'embed-floats': [], embed: [4] })
  expect(behaviour('mock-error-429-retry-ms-5')).toEqual({ error: [429], 'retry-ms': [5] })
})

test('every example of the documentation is a name of the grammar', () => {
  for (const name of directives.keys()) expect(behaviour(exampleModel(name))).toHaveProperty([name])
})

test('a scenario is found by its name and combines with directives', () => {
  expect(behaviour('mock-scenario-no-done-latency-5')).toMatchObject({
    latency: [5],
    scenario: { name: 'no-done' },
  })
  expect(problem('mock-scenario-ok-scenario-crlf')).toBe('only one scenario can be played at a time')
})

test('names outside the grammar say what is wrong and what is near', () => {
  expect(problem('mock-ecoh')).toContain('mock-echo')
  expect(problem('mock-cut-afer-3')).toContain('mock-cut-after-3')
  expect(problem('mock-chunks')).toBe(
    '"chunks" needs chunks (a number from 1 to 100000), found ""; for example mock-chunks-20',
  )
  expect(problem('mock-error-200')).toContain('400 to 599')
  expect(problem('mock-echo-echo')).toBe('"echo" is given twice')
  expect(problem('mock-constructor')).toContain('unknown directive "constructor"')
})

test('no other model name is answered', () => {
  for (const model of [
    'gpt-4o',
    'claude-sonnet-4-5',
    'mock',
    'mocker-echo',
    'Mock-echo',
    'echo',
    '-echo',
    '',
  ]) {
    expect(problem(model)).toContain('start with "mock-"')
  }
})
