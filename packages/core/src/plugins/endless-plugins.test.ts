import { definePlugin, type ProviderPlugin } from '@llmproxy/provider-kit'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { formatProblem } from '../config/problem.ts'
import { readConfig } from '../config/read.ts'
import { configureProviders } from './configure.ts'
import { createRegistry } from './registry.ts'

const local = definePlugin({
  type: 'local',
  options: z.strictObject({}),
  create: () => ({ baseUrl: 'http://local', operations: {}, authorize: () => ({}) }),
})

it('a plugin that never finishes loading, or checking its options, is a problem with a place, not a start that hangs', async () => {
  const endless = {
    ...local,
    type: 'endless',
    options: {
      '~standard': { version: 1, vendor: 'toy', validate: () => new Promise<never>(() => undefined) },
    },
  } as unknown as ProviderPlugin
  const registry = createRegistry({
    plugins: [local, endless],
    load: () => new Promise(() => undefined),
  })
  const text = 'providers: [{name: a, type: absent}, {name: b, type: endless}, {name: c, type: local}]'
  const checked = readConfig(text, { file: 'config.yaml', env: {} })
  const { on, problems } = await configureProviders(checked.config!, {
    registry,
    env: {},
    origin: checked.origin,
    patienceMs: 20,
  })
  expect(on.map(({ config }) => config.name)).toEqual(['c'])
  const waits =
    'did not finish loading within 0.02 s: its module, or the check of its options, waits for something'
  expect(problems.map(formatProblem)).toEqual([
    `config.yaml:1:29 providers[0].type: ${waits}`,
    `config.yaml:1:54 providers[1].type: ${waits}`,
  ])
})
