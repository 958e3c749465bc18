import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { checkDefinitions } from './index.ts'

const here = (path: string): string => new URL(path, import.meta.url).href

/** The documented test file for Node's own runner, with the toy vendor in it. */
function nodeTestFile(plugin: string): string {
  const readme = readFileSync(fileURLToPath(here('./README.md')), 'utf8')
  const documented = /```ts\n(import \{ createGateway \}[^`]*)```/.exec(readme)?.[1] ?? ''
  return documented
    .replace("'vitest'", "'node:test'")
    .replace("'@llmproxy/core'", `'${here('../../core/src/index.ts')}'`)
    .replace("'@llmproxy/provider-kit/testing'", `'${here('./index.ts')}'`)
    .replace("import plugin from './src/index.ts'", plugin)
    .replace("new URL('./fixtures/', import.meta.url)", `new URL('${here('./example/fixtures/')}')`)
}

function runWithNode(code: string): Promise<{ stdout: string }> {
  const flags = [
    '--conditions=@llmproxy/source',
    '--test-reporter=tap',
    '--input-type=module-typescript',
    '--eval',
  ]
  return promisify(execFile)(process.execPath, [...flags, code])
}

test('the documented test file is at most 20 lines long and runs under node:test as under vitest', async () => {
  const code = nodeTestFile(`import plugin from '${here('./example/toy-vendor.ts')}'`)
  expect(code.trim().split('\n').length).toBeLessThanOrEqual(20)
  const { stdout } = await runWithNode(code)
  expect(stdout).toContain(`# pass ${checkDefinitions.length}`)
  expect(stdout).toContain('# fail 0')
})

test('a failing check fails under node:test', async () => {
  const plugin = `import toy from '${here('./example/toy-vendor.ts')}'\nconst plugin = { ...toy }`
  await expect(runWithNode(nodeTestFile(plugin))).rejects.toMatchObject({
    stdout: expect.stringContaining('not ok 1 - the default export is a frozen plugin') as unknown,
  })
})
