import { spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkConfig, type GatewayConfigInput } from '@llmproxy/core'
import mock from '@llmproxy/provider-mock'
import { StartRefused, startServer } from '@llmproxy/server'
import { expect, onTestFinished, test } from 'vitest'

async function started(config: GatewayConfigInput): Promise<string[]> {
  const lines: string[] = []
  const providers = [{ name: 'mock', type: 'mock', models: ['mock-*'] }]
  const server = await startServer(checkConfig({ port: 0, log_level: 'SILENT', providers, ...config }, {}), {
    plugins: [mock],
    version: 'test',
    print: (line) => void lines.push(line),
  })
  onTestFinished(() => server.close())
  return lines
}

const real = 'f3a9c1d7e5b24680'

test.each(['0.0.0.0', '::', '192.0.2.1', 'gateway.example'])(
  '%s without a client key refuses to start',
  async (host) => {
    await expect(started({ host })).rejects.toThrow(StartRefused)
    await expect(started({ host })).rejects.toThrow(/api_keys/)
  },
)

test.each(['your-api-key-here', 'sk-1234', 'changeme', '<your key>', 'xxxx'])(
  'the sample key %j beside a good one refuses a public start, and is not printed',
  async (sample) => {
    const refused = started({ host: '0.0.0.0', api_keys: [real, sample] })
    await expect(refused).rejects.toThrow(StartRefused)
    await expect(refused).rejects.not.toThrow(real)
  },
)

test('a public address with a good key starts', async () => {
  expect((await started({ host: '0.0.0.0', api_keys: [real] })).length).toBeGreaterThan(0)
})

test.each(['127.0.0.1', 'localhost'])('%s starts without a key', async (host) => {
  expect((await started({ host })).join('\n')).toContain('this machine only')
})

test('the default is loopback', async () => {
  expect((await started({}))[0]).toContain('http://127.0.0.1:')
})

test('the command line does not get around it', () => {
  const directory = mkdtempSync(join(tmpdir(), 'llmproxy-bind-'))
  writeFileSync(join(directory, 'config.yaml'), 'port: 0\nproviders: []\n')
  const main = new URL('../../apps/llmproxy/src/main.ts', import.meta.url).pathname
  const run = spawnSync(
    process.execPath,
    [
      '--conditions=@llmproxy/source',
      main,
      'start',
      '--config',
      join(directory, 'config.yaml'),
      '--host',
      '0.0.0.0',
    ],
    { encoding: 'utf8', env: {}, timeout: 15_000 },
  )
  expect(run.status).toBe(1)
  expect(run.stderr).toMatch(/api_keys/)
  expect(run.stderr).not.toMatch(/\n\s+at /)
})
