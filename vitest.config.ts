import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

// Tests import the TypeScript sources through the `@llmproxy/source` export condition: no build is needed.
const conditions = ['@llmproxy/source', 'node', 'import', 'default']

/** Files of these folders keep nothing in modules and in the process, so a worker runs many of them, and loads what they share once. */
const pure = [
  'packages/core',
  'packages/provider-kit',
  'providers',
  'tests/condensation',
  'tests/streams',
  'tests/vendors',
  'tests/reliability',
  'tests/sdk',
]
const files = '**/*.test.ts'
const everywhere = `{packages,providers,apps,tests,bench,scripts,examples}/${files}`
const exclude = ['**/node_modules/**', '**/dist/**']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    // Tests wait for sockets and timers as much as they compute: two at a time, also where vitest would run one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 20_000,
    hookTimeout: 20_000,
    execArgv: ['--conditions=@llmproxy/source'],
    projects: [
      {
        extends: true,
        test: { name: 'pure', include: pure.map((folder) => `${folder}/${files}`), exclude, isolate: false },
      },
      {
        extends: true,
        test: {
          name: 'whole',
          include: [everywhere],
          exclude: [...exclude, ...pure.map((folder) => `${folder}/${files}`)],
        },
      },
    ],
  },
})
