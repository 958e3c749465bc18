import { describe, expect, test } from 'vitest'
import { formatProblem } from './problem.ts'
import { readConfig } from './read.ts'

function read(providers: string, env: Record<string, string> = {}) {
  const { config, problems, warnings } = readConfig(`providers:\n${providers}`, { file: 'config.yaml', env })
  return { config, problems: problems.map(formatProblem), warnings: warnings.map(formatProblem) }
}

const with_ = (fallback: string, more = ''): string =>
  `  - {name: a, type: x, models: [{id: small, context_fallback: ${fallback}}]}\n${more}`

const place = 'config.yaml:2:63 providers[0].models[0].context_fallback'

describe('a model that is asked when a request does not fit', () => {
  test.each([
    [
      'another one of the provider',
      '  - {name: a, type: x, models: [{id: small, context_fallback: big}, big]}',
    ],
    ['one of another provider', with_('big', '  - {name: b, type: y, models: [big]}')],
    ['one that a wildcard covers', with_('big-1', '  - {name: b, type: y, models: ["big-*"]}')],
    ['any', with_('big', '  - {name: b, type: y, models: ["*"]}')],
    ['one of a named provider', with_('b/big', '  - {name: b, type: y, models: [big]}')],
    ['one of a named provider that lists none', with_('b/big', '  - {name: b, type: y, enabled: true}')],
    ['the same model at another provider', with_('b/small', '  - {name: b, type: y, models: [small]}')],
    ['a name with a slash', with_('org/big', '  - {name: b, type: y, models: [org/big]}')],
    [
      'one that the same wildcard covers',
      '  - {name: a, type: x, models: [{id: "m-*", context_fallback: m-big}]}',
    ],
    [
      'two that name each other',
      '  - {name: a, type: x, models: [{id: b, context_fallback: c}, {id: c, context_fallback: b}]}',
    ],
  ])('%s', (_, providers) => {
    const { problems, warnings } = read(providers)
    expect(problems).toEqual([])
    expect(warnings.filter((line) => line.includes('context_fallback'))).toEqual([])
  })

  test.each([
    ['small', `${place}: names the model itself; name another one, with a larger context window`],
    ['a/small', `${place}: names the model itself; name another one, with a larger context window`],
    ['"big*"', `${place}: is asked for as it is, so it cannot contain \`*\``],
  ])('%s is a mistake', (name, message) => {
    expect(read(with_(name, '  - {name: b, type: y, models: [small, big]}'))).toMatchObject({
      config: undefined,
      problems: [message],
    })
  })

  test.each([
    [
      'bgi',
      `${place}: no provider lists "bgi": a request that does not fit is not asked of it; did you mean "big"?`,
    ],
    [
      'entirely-different',
      `${place}: no provider lists "entirely-different": a request that does not fit is not asked of it`,
    ],
    ['b/', `${place}: no provider lists "b/": a request that does not fit is not asked of it`],
    ['b/other', `${place}: no provider lists "b/other": a request that does not fit is not asked of it`],
    [
      'old',
      `${place}: only providers that are switched off list "old": a request that does not fit is not asked of it`,
    ],
  ])('%s is served by nobody', (name, message) => {
    const others =
      '  - {name: b, type: y, models: [big]}\n  - {name: c, type: y, enabled: false, models: [old]}'
    const { config, problems, warnings } = read(with_(name, others))
    expect(problems).toEqual([])
    expect(warnings).toEqual([message])
    expect(config).toBeDefined()
  })

  test('a value of the environment is not shown', () => {
    const { warnings } = read(with_('"${FALLBACK}"', '  - {name: b, type: y, models: [bigger]}'), {
      FALLBACK: 'biggest',
    })
    expect(warnings).toEqual([
      `${place}: no provider lists this model (not shown): a request that does not fit is not asked of it`,
    ])
  })

  test('of a provider that is switched off nothing is said', () => {
    expect(
      read('  - {name: a, type: x, enabled: false, models: [{id: m, context_fallback: none}]}').warnings,
    ).toEqual([])
  })
})
