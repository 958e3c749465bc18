import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { chat, fakeUpstream, healthy, provider, send, startProxy } from '../reliability/support.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const files = globSync('{packages,providers,apps}/*/src/**/*.ts', { cwd: root }).filter(
  (path) => !path.endsWith('.test.ts'),
)

/** `path:line` of every place where `pattern` stands, comments included, except in files that `may` have it. */
function places(pattern: RegExp, may?: RegExp): string[] {
  return files
    .filter((path) => may?.test(path) !== true)
    .flatMap((path) =>
      readFileSync(root + path, 'utf8')
        .split('\n')
        .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
    )
}

test('nothing starts a process, except the one that starts workers of the server itself', () => {
  expect(files.length).toBeGreaterThan(200)
  expect(places(/child_process|worker_threads|node:vm|node:inspector|node:repl/)).toEqual([])
  expect(places(/from 'node:cluster'/, /^packages\/server\/src\/(?:workers\/|cli\/start\.ts)/)).toEqual([])
  expect(places(/setupPrimary|setupMaster|\.fork\(/, /^packages\/server\/src\/workers\//)).toEqual([])
})

test('no text becomes code', () => {
  expect(places(/\beval\(|\bFunction\(|\.constructor\(|process\.(?:binding|dlopen|_linkedBinding)/)).toEqual(
    [],
  )
  expect(places(/\bcreateRequire\b|\brequire\(|registerHooks|module\.register/)).toEqual([])
})

/** A call of `import` with anything but a name that is written out: that loads what an `import` at the top of the file would. */
const named = /(?<![.`\w])import\((?!\)|'[@\w./-]+'\))/

test('only the loader of plugins imports what a name says, and only names of the configuration', () => {
  const may = /^(?:packages\/server\/src\/(?:load-plugin|cli\/bin)|apps\/llmproxy\/src\/main)\.ts$/
  expect(places(named, may)).toEqual([])
})

test('what is checked here is seen when it stands there', () => {
  expect(/\beval\(/.test("eval('1')")).toBe(true)
  expect(places(/import Fastify/)).not.toEqual([])
  const computed = [
    'import(name)',
    'import(`a/${name}`)',
    "import('a/' + name)",
    "import('a', name)",
    'import(\n',
  ]
  expect(computed.filter((line) => !named.test(line))).toEqual([])
  expect(["import('a/b')", "import('@a/b-c.js').then(x)"].filter((line) => named.test(line))).toEqual([])
})

test('a request loads no plugin, reads no file and runs no command, whatever it names', async () => {
  const upstream = await fakeUpstream(healthy())
  const { url } = await startProxy({ providers: [provider('a', upstream.url)] })
  const names = [
    'file:///etc/passwd',
    '/etc/passwd',
    '../../package.json',
    '$(id)',
    '`id`',
    '{{7*7}}',
    'node:fs',
  ]
  for (const name of names) {
    for (const member of [
      'model',
      'type',
      'module',
      'plugin',
      'command',
      'template',
      'config_file',
      'log_file',
    ]) {
      const { status, text } = await chat(url, { [member]: name })
      expect([200, 404]).toContain(status)
      expect(text).not.toMatch(/root:|uid=|"49"/)
    }
    const listed = await send(url, `/v1/models/${encodeURIComponent(name)}`, { method: 'GET' })
    expect(listed.status).toBe(404)
  }
  const admin = [
    '/config',
    '/reload',
    '/shutdown',
    '/plugins',
    '/v1/files',
    '/debug',
    '/env',
    '/mcp',
    '/test',
  ]
  for (const path of admin) {
    for (const method of ['GET', 'POST']) expect((await send(url, path, { method })).status).toBe(404)
  }
})
