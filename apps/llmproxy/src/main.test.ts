import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const main = fileURLToPath(new URL('main.ts', import.meta.url))

function spawned(args: readonly string[], config = '', flags: readonly string[] = []) {
  const cwd = mkdtempSync(join(tmpdir(), 'llmproxy-app-'))
  writeFileSync(join(cwd, 'config.yaml'), config)
  const child = spawn(process.execPath, ['--conditions=@llmproxy/source', ...flags, main, ...args], {
    cwd,
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const text = { out: '', err: '' }
  child.stdout.on('data', (bytes: Buffer) => (text.out += bytes.toString()))
  child.stderr.on('data', (bytes: Buffer) => (text.err += bytes.toString()))
  return { child, text, exit: once(child, 'exit') }
}

async function listening(text: { out: string }): Promise<string> {
  await expect.poll(() => text.out, { timeout: 10_000 }).toMatch(/listens on \S+/)
  return /listens on (\S+)/.exec(text.out)?.[1] ?? ''
}

test('the app serves the mock provider, in front of a mock upstream that it runs itself', async () => {
  const upstream = spawned(['mock', '--port', '0'])
  const base = await listening(upstream.text)
  const config = `port: 0
providers:
  - {name: mock, type: mock, models: ["mock-*"]}
  - {name: remote, type: openai_compatible, base_url: "${base}/v1", models: [{id: remote-echo, upstream: mock-echo}]}
  - {name: vendor, type: openai, api_key_env: A_KEY_THAT_NOBODY_SETS, models: [x]}
`
  const { child, text, exit } = spawned(['start'], config)
  const url = await listening(text)
  for (const model of ['mock-echo', 'remote-echo']) {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'What is this?' }] }),
    })
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: 'What is this?' } }] })
  }
  expect(text.out).toContain('off  vendor  set A_KEY_THAT_NOBODY_SETS')
  child.kill('SIGTERM')
  upstream.child.kill('SIGTERM')
  expect(await exit).toEqual([0, null])
  expect(await upstream.exit).toEqual([0, null])
  expect(text.err + upstream.text.err).toBe('')
})

test('of what init writes nothing is on that needs a key, or a server that may not run', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'llmproxy-init-'))
  expect(await spawned(['init', '--folder', folder]).exit).toEqual([0, null])
  const { text, exit } = spawned(['check', '--config', join(folder, 'config.yaml')])
  expect([await exit, text.err]).toEqual([[0, null], ''])
  expect(text.out.match(/^ {2}on .*/gm)).toEqual([expect.stringMatching(/^ {2}on +mock /)])
})

test('an old Node.js is told so before anything is loaded', async () => {
  const old =
    'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } })'
  const { text, exit } = spawned(['check'], 'providers: []', ['--import', `data:text/javascript,${old}`])
  expect(await exit).toEqual([1, null])
  expect(text).toEqual({ out: '', err: 'needs Node 22.19 or later, this is 20.20.2\n' })
})
