// Packs every publishable package, installs the tarballs into an empty folder with plain npm, and uses the result as a
// stranger would: check a configuration, start the server, chat. Then it does what the guide tells authors of providers.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = mkdtempSync(join(tmpdir(), 'llmproxy-smoke-'))
// Not inside the other one, whose packages would stand in for those that the guide forgets.
const author = mkdtempSync(join(tmpdir(), 'llmproxy-author-'))
const config = `port: 0
providers:
  - name: mock
    type: mock
    models: ["mock-*"]
`

function run(command: string, arguments_: string[], cwd: string): string {
  return execFileSync(command, arguments_, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
}

/** The address from the line that the server prints when it listens. */
function listening(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    const timer = setTimeout(() => reject(new Error(`the server did not start:\n${output}`)), 20_000)
    const look = (chunk: Buffer) => {
      output += String(chunk)
      const address = /http:\/\/127\.0\.0\.1:\d+/.exec(output)
      if (address === null) return
      clearTimeout(timer)
      resolve(address[0])
    }
    server.stdout?.on('data', look)
    server.stderr?.on('data', look)
    server.on('exit', (code) => reject(new Error(`the server ended with ${code}:\n${output}`)))
  })
}

async function chat(address: string, stream: boolean): Promise<string> {
  const response = await fetch(`${address}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'mock-echo', stream, messages: [{ role: 'user', content: 'smoke' }] }),
  })
  const text = await response.text()
  if (response.status !== 200 || !text.includes('smoke')) throw new Error(`${response.status} ${text}`)
  return text
}

/** Packages import parts of one another, and load what they need at run time. */
const counting = `
  import { tokenizer } from '@llmproxy/provider-openai/tokenizer'
  import azure from '@llmproxy/provider-azure-openai'
  const options = { base_url: 'https://smoke.invalid', base_model: 'gpt-4', auth: 'api-key', feature_floor: {} }
  const counters = [await tokenizer('gpt-4o'), await azure.create(options).tokenizer('deployment')]
  console.log(counters.map((count) => count('smoke <|endoftext|>')).join())
`

interface Manifest {
  readonly dependencies: Record<string, string>
  readonly devDependencies: Record<string, string>
}

/** The package.json that the guide shows, with the tarballs in the place of packages that may not be published yet. */
function guideManifest(tarballs: readonly string[]): object {
  const guide = readFileSync(join(root, 'docs', 'write-a-provider.md'), 'utf8')
  const shown = /<!-- package: .+? -->\s+```json\n([\s\S]+?)\n```/.exec(guide)?.[1]
  if (shown === undefined) throw new Error('docs/write-a-provider.md shows no package.json')
  const manifest = JSON.parse(shown) as Manifest
  const packed = (name: string) => {
    const start = `${name.replace('@', '').replace('/', '-')}-`
    const file = tarballs.find(
      (tarball) => tarball.startsWith(start) && /^\d/.test(tarball.slice(start.length)),
    )
    return file === undefined ? undefined : `file:${join(folder, file)}`
  }
  const linked = (ranges: Record<string, string>) =>
    Object.fromEntries(Object.entries(ranges).map(([name, range]) => [name, packed(name) ?? range]))
  return {
    ...manifest,
    dependencies: linked(manifest.dependencies),
    devDependencies: linked(manifest.devDependencies),
    overrides: { '@llmproxy/provider-kit': '$@llmproxy/provider-kit' },
  }
}

/** Follows docs/write-a-provider.md in the empty folder `author`, with plain npm: install, test, build, pack. */
function followGuide(author: string, tarballs: readonly string[]): void {
  for (const name of ['src', 'fixtures', 'conformance.test.ts', 'tsconfig.json', 'README.md']) {
    cpSync(join(root, 'examples', 'acme', name), join(author, name), { recursive: true })
  }
  writeFileSync(join(author, 'package.json'), JSON.stringify(guideManifest(tarballs)))
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], author)
  run('npm', ['test'], author)
  run('npm', ['run', 'build'], author)
  const packed = run('npm', ['pack', '--dry-run', '--json'], author)
  if (!packed.includes('"dist/index.js"')) throw new Error(`the author's package has no code: ${packed}`)
}

try {
  run('pnpm', ['-r', 'pack', '--pack-destination', folder], root)
  const tarballs = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}')
  run(
    'npm',
    ['install', '--no-audit', '--no-fund', '--loglevel=error', ...tarballs.map((name) => `./${name}`)],
    folder,
  )
  const counted = run(process.execPath, ['--input-type=module', '--eval', counting], folder).trim()
  if (!/^[1-9]\d*,[1-9]\d*$/.test(counted)) throw new Error(`the tokenizers counted ${counted}`)
  writeFileSync(join(folder, 'config.yaml'), config)
  // The server's own command, not the app's: its plugins are found in this folder, as an operator's would be.
  const command = join(folder, 'node_modules', '@llmproxy', 'server', 'dist', 'cli', 'bin.js')
  run(process.execPath, [command, 'check'], folder)
  const server = spawn(process.execPath, [command, 'start'], { cwd: folder })
  try {
    const address = await listening(server)
    await chat(address, false)
    const stream = await chat(address, true)
    if (!stream.trimEnd().endsWith('data: [DONE]')) throw new Error(`the stream did not end well: ${stream}`)
  } finally {
    server.removeAllListeners('exit')
    server.kill('SIGTERM')
  }
  followGuide(author, tarballs)
  console.log(`smoke: ${tarballs.length} tarballs installed, checked, started and answered; the guide works`)
} finally {
  for (const path of [folder, author]) rmSync(path, { recursive: true, force: true })
}
