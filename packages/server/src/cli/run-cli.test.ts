import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { ProviderPlugin } from '@llmproxy/provider-kit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { toyPlugin } from '../../test/toy-plugin.ts'
import { type CliOptions, runCli } from './run-cli.ts'

function folder(files: Readonly<Record<string, string>> = {}): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'llmproxy-cli-')))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return root
}

async function run(cwd: string, args: readonly string[], options: Partial<CliOptions> = {}) {
  const out: string[] = []
  const err: string[] = []
  const code = await runCli(args, {
    version: '1.2.3',
    plugins: [toyPlugin],
    cwd,
    env: {},
    appUrl: pathToFileURL(join(cwd, 'app.js')).href,
    print: (line) => void out.push(line),
    complain: (line) => void err.push(line),
    untilSignal: () => Promise.resolve(),
    ...options,
  })
  return { code, out: out.join('\n'), err: err.join('\n') }
}

const valid = `providers:
  - name: toy
    type: toy
    models: ["*"]
`

describe('check', () => {
  test('says what is on, and that the file is valid', async () => {
    const root = folder({ 'config.yaml': valid })
    expect(await run(root, ['check'])).toEqual({
      code: 0,
      out: `  on   toy  *\n${join(root, 'config.yaml')} is valid`,
      err: '',
    })
  })

  test('says which of several keys are used, which are not set, and which are the same', async () => {
    const root = folder({ 'config.yaml': `${valid}    api_key_env: [A_KEY, B_KEY, C_KEY, D_KEY]\n` })
    const env = { A_KEY: 'canary-1', B_KEY: '', C_KEY: 'canary-2', D_KEY: 'canary-1' }
    const { code, out, err } = await run(root, ['check'], { env })
    expect([code, out, err]).toEqual([
      0,
      [
        'warning: config.yaml:5:40 providers[0].api_key_env[3]: D_KEY has the value of A_KEY: they count as one key',
        '  on   toy  * (keys: A_KEY, C_KEY; not set: B_KEY)',
        `${join(root, 'config.yaml')} is valid`,
      ].join('\n'),
      '',
    ])
    expect((await run(root, ['check'], { env: { A_KEY: 'canary-1' } })).out).toContain(
      '  on   toy  * (not set: B_KEY, C_KEY, D_KEY)\n',
    )
    expect((await run(root, ['check'])).out).toContain('  off  toy  set A_KEY or B_KEY or C_KEY or D_KEY\n')
  })

  test('lists everything that is wrong, with file, line and column, and exits with 1', async () => {
    const root = folder({
      'config.yaml':
        'port: many\nhots: 0.0.0.0\nproviders:\n  - name: toy\n    type: absent\n    models: ["*"]\n',
    })
    const { code, err } = await run(root, ['check'])
    expect(await run(root, ['start'])).toEqual({ code, out: '', err })
    expect(code).toBe(1)
    expect(err).toMatch(/^config\.yaml:1:7 port: /m)
    expect(err).toMatch(/^config\.yaml:2:1 .*hots.*did you mean "host"/m)
    expect(err).toMatch(/^config\.yaml:5:11 providers\[0\]\.type: .*npm install @llmproxy\/provider-absent/m)
  })

  test('warns of sample keys, and fails when the address is public', async () => {
    const root = folder({
      'local.yaml': `${valid}api_keys: [your-api-key-here]\n`,
      'public.yaml': `${valid}api_keys: [your-api-key-here]\nhost: 0.0.0.0\n`,
    })
    expect((await run(root, ['check', '--config', 'local.yaml'])).out).toContain(
      'warning: api_keys contains a key',
    )
    const { code, err } = await run(root, ['check', '-c', 'public.yaml'])
    expect([code, err]).toEqual([1, expect.stringContaining('use a secret key')])
  })

  test('reads the .env beside the file, and the environment wins', async () => {
    const text = `${valid}api_keys:\n  - \${CLIENT_KEY}\nport: \${PORT}\n`
    const root = folder({ 'sub/config.yaml': text, 'sub/.env': 'CLIENT_KEY="from the file"\nPORT=99999\n' })
    const broken = await run(root, ['check', '-c', 'sub/config.yaml'])
    expect(broken.err).toMatch(/^sub\/config\.yaml:\d+:\d+ port: /)
    expect((await run(root, ['check', '-c', 'sub/config.yaml'], { env: { PORT: '8080' } })).code).toBe(0)
  })

  test('takes the file from LLMPROXY_CONFIG, then config.yaml, then config.yml', async () => {
    const root = folder({ 'a.yaml': 'nonsense: 1', 'config.yml': valid })
    expect((await run(root, ['check'])).code).toBe(0)
    expect((await run(root, ['check'], { env: { LLMPROXY_CONFIG: 'a.yaml' } })).err).toMatch(/^a\.yaml:1:1 /)
  })

  test('says what a reload would change in a server that runs, and what needs a restart', async () => {
    const more = 'port: 1\nhost: localhost\nrequest_timeout: 5\nrate_limits: {chat: 7}\n'
    const root = folder({
      'config.yaml': more + valid.replace('"*"', '"m"'),
      'same.yaml': `${more}log_level: INFO\n${valid.replace('"*"', 'm')}`,
      'was.yaml': valid,
      'faulty.yaml': 'hots: x\n',
    })
    const check = async (was: string) => {
      const { code, out, err } = await run(root, ['check', '--was', was])
      return [code, ...out.split('\n').slice(1), ...err.split('\n')].filter((line) => line !== '')
    }
    const good = `${join(root, 'config.yaml')} is valid`
    expect(await check('was.yaml')).toEqual([
      0,
      'a reload changes rate_limits, request_timeout, providers.toy.models',
      'a restart is needed for host, port',
      good,
    ])
    expect(await check('same.yaml')).toEqual([0, 'nothing has changed since same.yaml', good])
    expect(await check('faulty.yaml')).toEqual([1, 'faulty.yaml:1:1 hots: unknown key; did you mean "host"?'])
    expect(await check('none.yaml')).toEqual([1, expect.stringContaining('there is no such file')])
  })

  test('a file that is not there is named', async () => {
    const root = folder()
    expect((await run(root, ['check', '-c', 'gone.yaml'])).err).toBe(
      `cannot read the configuration ${join(root, 'gone.yaml')}: there is no such file`,
    )
    expect((await run(root, ['check'])).err).toContain('Write one with "llmproxy init"')
  })
})

describe('init', () => {
  test('writes a configuration that check accepts', async () => {
    const root = folder()
    expect((await run(root, ['init'])).code).toBe(0)
    expect(readFileSync(join(root, '.env.example'), 'utf8')).toContain('LLMPROXY_API_KEY=')
    const { code, out } = await run(root, ['check'])
    expect([code, out]).toEqual([0, expect.stringContaining('on   toy')])
  })

  test('lists the models that a plugin names, and comments out what needs more than a key', async () => {
    const plugin = (type: string, required: readonly string[], example?: Record<string, unknown>) => {
      const wrong = (given: unknown) => required.some((key) => !Object.hasOwn(given as object, key))
      const validate = (value: unknown) => (wrong(value) ? { issues: [{ message: 'missing' }] } : { value })
      const options = { '~standard': { version: 1 as const, vendor: 'test', validate } }
      return { ...toyPlugin, type, options, ...(example === undefined ? {} : { example }) } as ProviderPlugin
    }
    const plugins = [
      plugin('acme', ['api_key'], { models: ['acme-*', 'a1*'] }),
      plugin('form', ['api_key', 'base_url'], { base_url: 'http://127.0.0.1:8080/v1', models: ['m'] }),
    ]
    const root = folder()
    await run(root, ['init'], { plugins })
    const path = join(root, 'config.yaml')
    const text = readFileSync(path, 'utf8')
    expect(text).toMatch(/ {4}api_key_env: PROXY_API_ACME_API_KEY\n {4}models: \["acme-\*", "a1\*"\]\n/)
    writeFileSync(path, text.replaceAll('#   - name: form', '  - name: form').replaceAll(/^# {5}/gm, '    '))
    const env = { PROXY_API_ACME_API_KEY: 'k', PROXY_API_FORM_API_KEY: 'k' }
    const { code, out } = await run(root, ['check'], { plugins, env })
    expect([code, out]).toEqual([0, expect.stringMatching(/on +acme +acme-\*.*\n +on +form +m\n/)])
  })

  test('overwrites nothing', async () => {
    const root = folder({ 'config.yaml': '# mine' })
    const { code, err } = await run(root, ['init'])
    expect([code, err]).toEqual([
      1,
      `nothing was written, because this is already there: ${join(root, 'config.yaml')}`,
    ])
    expect(readFileSync(join(root, 'config.yaml'), 'utf8')).toBe('# mine')
  })
})

test('providers lists compiled-in and installed plugins with versions, and the configured providers', async () => {
  const acme = `export default { apiVersion: 1, type: 'acme', options: { '~standard': { version: 1, vendor: 'acme', validate: (value) => ({ value }) } },
    create: () => ({ baseUrl: 'http://127.0.0.1:1', operations: { chat: { request: () => ({ path: '/' }) } }, authorize: () => ({}) }) }`
  const root = folder({
    'config.yaml': `${valid}  - name: second\n    type: acme\n    models: [x]\n  - name: third\n    type: toy\n    enabled: false\n`,
    'node_modules/llmproxy-provider-acme/package.json':
      '{"name":"llmproxy-provider-acme","version":"4.5.6","type":"module","exports":"./index.js"}',
    'node_modules/llmproxy-provider-acme/index.js': acme,
  })
  const { out, code } = await run(root, ['providers'])
  expect(code).toBe(0)
  expect(out.split('\n')).toEqual([
    'PLUGIN  VERSION  FROM',
    'toy     1.2.3    compiled in',
    'acme    4.5.6    llmproxy-provider-acme',
    '',
    'PROVIDER  TYPE  STATE',
    'toy       toy   on: chat, completions',
    'second    acme  on: chat, completions',
    'third     toy   off: enabled: false',
  ])
})

test('schema prints a JSON Schema', async () => {
  const { out } = await run(folder(), ['schema'])
  expect(JSON.parse(out)).toMatchObject({ type: 'object', properties: { providers: expect.anything() } })
})

test('start serves until a signal, then closes', async () => {
  const root = folder({ 'config.yaml': `log_level: SILENT\n${valid}` })
  const { code, out } = await run(root, ['start', '--port', '0', '--host', '127.0.0.1'])
  expect([code, out]).toEqual([
    0,
    expect.stringMatching(/^llmproxy 1\.2\.3 listens on http:\/\/127\.0\.0\.1:\d+ /),
  ])
})

test('mock says how to install the mock server when it is not there', async () => {
  const { code, err } = await run(folder(), ['mock'])
  expect([code, err]).toEqual([1, 'the mock server is not installed: npm install @llmproxy/provider-mock'])
})

test('mock says what to do when its port is taken', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void taken.close())
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const root = folder({
    'node_modules/@llmproxy/provider-mock/package.json':
      '{"name":"@llmproxy/provider-mock","type":"module","exports":{"./server":"./server.js"}}',
    'node_modules/@llmproxy/provider-mock/server.js': `import { createServer } from 'node:net'
export const startMockServer = ({ host, port }) => new Promise((resolve, reject) => createServer().on('error', reject).listen(port, host, resolve))`,
  })
  expect(await run(root, ['mock', '--port', String(port)])).toEqual({
    code: 1,
    out: '',
    err: `cannot listen on 127.0.0.1:${port}: another program listens there; choose another port with --port`,
  })
})

test.each([[['nonsense']], [['start', '--port', '70000']], [['check', '--nonsense']], [[]]])(
  'a wrong call is exit code 2: %j',
  async (args) => {
    const { code, err } = await run(folder(), args)
    expect([code, err]).toEqual([2, expect.not.stringMatching(/^ +at /m)])
  },
)

test('--version and --help are exit code 0', async () => {
  expect(await run(folder(), ['--version'])).toEqual({ code: 0, out: '1.2.3', err: '' })
  expect((await run(folder(), ['--help'])).out).toContain('start [options]')
})

describe('as a process', () => {
  const bin = fileURLToPath(new URL('bin.ts', import.meta.url))

  function spawned(cwd: string, args: readonly string[]) {
    const env = { ...process.env, LLMPROXY_CONFIG: '' }
    const child = spawn(process.execPath, ['--conditions=@llmproxy/source', bin, ...args], { cwd, env })
    onTestFinished(() => void child.kill('SIGKILL'))
    const text = { out: '', err: '' }
    child.stdout.on('data', (bytes: Buffer) => (text.out += bytes.toString()))
    child.stderr.on('data', (bytes: Buffer) => (text.err += bytes.toString()))
    return { child, text, exit: once(child, 'exit') }
  }

  test('SIGTERM during a stream: the stream ends, the log is complete, the exit code is 0', async () => {
    const plugin = `const toy = (await import(${JSON.stringify(new URL('../../test/toy-plugin.ts', import.meta.url).href)})).toyPlugin\nexport default toy\n`
    const root = folder({
      'toy.js': plugin,
      'config.yaml': `port: 0\n${valid}    module: ./toy.js\n`,
      'package.json': '{"type":"module"}',
    })
    const { child, text, exit } = spawned(root, ['start'])
    await expect.poll(() => text.out, { timeout: 10_000 }).toMatch(/listens on (\S+)/)
    const url = /listens on (\S+)/.exec(text.out)?.[1]
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'short', stream: true, messages: [{ role: 'user', content: 'x' }] }),
    })
    child.kill('SIGTERM')
    expect(await response.text()).toMatch(/data: \[DONE\]\n\n$/)
    expect(await exit).toEqual([0, null])
    const lines = text.out.trim().split('\n')
    expect(lines.slice(0, 2)).toEqual([expect.stringContaining('listens on'), '  on   toy  *'])
    expect(lines.slice(2).map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      'listening',
      'shutting down',
      'request',
      'stopped',
    ])
    expect(text.err).toBe('')
  })

  test('whoever stops reading its lines gets no complaint', async () => {
    const providers = Array.from(
      { length: 3000 },
      (_, index) => `  - {name: p${index}, type: x, enabled: false}\n`,
    )
    const { child, text, exit } = spawned(folder({ 'config.yaml': `providers:\n${providers.join('')}` }), [
      'check',
    ])
    child.stdout.destroy()
    expect(await exit).toEqual([0, null])
    expect(text.err).toBe('')
  })

  test('a second signal ends it at once', async () => {
    const root = folder({ 'config.yaml': 'port: 0\nshutdown_delay: 60\n' })
    const { child, text, exit } = spawned(root, ['start'])
    await expect.poll(() => text.out, { timeout: 10_000 }).toContain('listens on')
    child.kill('SIGTERM')
    await expect.poll(() => text.out, { timeout: 5000 }).toContain('shutting down')
    child.kill('SIGINT')
    expect(await exit).toEqual([1, null])
  })

  test('a broken configuration is printed without a stack, exit code 1', async () => {
    const { text, exit } = spawned(folder({ 'config.yaml': 'prot: 1\n' }), ['start'])
    expect(await exit).toEqual([1, null])
    expect(text.err).toMatch(/^config\.yaml:1:1 .*prot.*did you mean "port"\?\n$/)
  })
})

describe('check --probe', () => {
  const vendor = (answer: number, message = 'no') =>
    ({
      ...toyPlugin,
      create: () => ({
        ...toyPlugin.create({}),
        health: { request: () => ({ method: 'GET', path: '/up' }) },
        exchange: () =>
          Promise.resolve({
            status: answer,
            headers: {},
            body: Buffer.from(JSON.stringify({ error: { message } })),
          }),
      }),
    }) as ProviderPlugin

  test('says how each provider is, by its free health request', async () => {
    const root = folder({ 'config.yaml': valid })
    const { code, out } = await run(root, ['check', '--probe'], { plugins: [vendor(200)] })
    expect(code).toBe(0)
    expect(out).toMatch(/ {2}toy: healthy, free request, \d+ ms\n.* is valid$/)
  })

  test('fails when one is not well, and says why', async () => {
    const root = folder({ 'config.yaml': valid })
    const { code, out, err } = await run(root, ['check', '--probe'], { plugins: [vendor(401)] })
    expect([code, err]).toEqual([1, 'not well: toy'])
    expect(out).toContain('toy: unhealthy (configuration: no)')
  })

  test('tries each key of a provider that has several', async () => {
    const root = folder({ 'config.yaml': `${valid}    api_key_env: [GOOD, BAD]\n` })
    const keyed = {
      ...toyPlugin,
      create: ({ api_key: key }: { api_key: string }) =>
        vendor(key === 'canary-good' ? 200 : 401, `not ${key}`).create({}),
    } as unknown as ProviderPlugin
    const env = { GOOD: 'canary-good', BAD: 'canary-bad' }
    const { code, out, err } = await run(root, ['check', '--probe'], { plugins: [keyed], env })
    expect([code, err]).toEqual([1, 'not well: toy (BAD)'])
    expect(out).toMatch(/^ {2}toy \(GOOD\): healthy, free request/m)
    expect(out).toMatch(/^ {2}toy \(BAD\): unhealthy \(configuration: not \[redacted\]\)/m)
  })

  test('what a vendor says cannot steer the terminal, or look like another line', async () => {
    const root = folder({ 'config.yaml': valid })
    const message = 'no\n  other: healthy\u001B[2Jb\u009B1m\u202Ec\u2028d'
    const { out } = await run(root, ['check', '--probe'], { plugins: [vendor(401, message)] })
    expect(out).toContain('toy: unhealthy (configuration: no')
    expect(out).not.toMatch(/^ {2}other/m)
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}]/u)
  })

  test('a provider without a health request is not asked', async () => {
    const root = folder({ 'config.yaml': valid })
    const { code, out } = await run(root, ['check', '--probe'])
    expect(code).toBe(0)
    expect(out).toContain('toy: not asked (this provider has no free health request)')
  })
})
