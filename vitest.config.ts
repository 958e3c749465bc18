import { defineConfig } from 'vitest/config'

// Tests import the TypeScript sources through the `@llmproxy/source` export condition: no build is needed.
const conditions = ['@llmproxy/source', 'node', 'import', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['{packages,providers,apps,tests,bench,scripts,examples}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    execArgv: ['--conditions=@llmproxy/source'],
  },
})
