import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string) => readFileSync(root + path, 'utf8')

type Versions = Readonly<Record<string, string>>
interface Snapshot {
  readonly dependencies?: Versions
  readonly optionalDependencies?: Versions
}
interface Importer {
  readonly dependencies?: Readonly<Record<string, { readonly version: string }>>
  readonly optionalDependencies?: Readonly<Record<string, { readonly version: string }>>
}
interface Lockfile {
  readonly importers: Readonly<Record<string, Importer>>
  readonly packages: Readonly<Record<string, { readonly resolution: Readonly<Record<string, string>> }>>
  readonly snapshots: Readonly<Record<string, Snapshot>>
}

const lockfile = parse(read('pnpm-lock.yaml')) as Lockfile

/** What our packages name themselves, and why fifty lines of our own would not do. */
const reasons: Readonly<Record<string, string>> = {
  '@standard-schema/spec': 'types only: plugins bring any schema library',
  commander: 'arguments of the command',
  fastify: 'HTTP server',
  'gpt-tokenizer': 'tokens of a text, as the vendor counts them',
  'import-meta-resolve': 'plugins are found from the folder of the configuration',
  ioredis: 'limits that several instances share',
  pino: 'log lines',
  undici: 'HTTP client',
  yaml: 'configuration with line numbers',
  zod: 'schemas of the configuration and of plugin options',
}

/** What those bring along: whoever adds to this list has looked at it. */
const brought = `
  @fastify/ajv-compiler @fastify/deepmerge @fastify/error @fastify/fast-json-stringify-compiler
  @fastify/forwarded @fastify/merge-json-schemas @fastify/proxy-addr @ioredis/commands @pinojs/redact
  abstract-logging ajv ajv-formats atomic-sleep avvio cluster-key-slot cookie debug denque dequal
  fast-decode-uri-component fast-deep-equal fast-json-stringify fast-querystring fast-uri fastq
  find-my-way ipaddr.js json-schema-ref-resolver json-schema-traverse light-my-request ms
  on-exit-leak-free pino-abstract-transport pino-std-serializers process-warning
  quick-format-unescaped real-require redis-errors require-from-string ret reusify rfdc safe-regex2
  safe-stable-stringify secure-json-parse semver set-cookie-parser sonic-boom split2
  standard-as-callback thread-stream toad-cache
`
  .trim()
  .split(/\s+/)

const own = Object.entries(lockfile.importers)
  .filter(([folder]) => /^(?:packages|providers|apps)\//.test(folder))
  .flatMap(([, importer]) => Object.entries({ ...importer.dependencies, ...importer.optionalDependencies }))
  .filter(([, { version }]) => !version.startsWith('link:'))
  .map(([name, { version }]) => [name, version] as const)

/** Everything that is installed with the published packages, as `name@version`. */
function installed(): ReadonlySet<string> {
  const found = new Set<string>()
  const waiting = own.map(([name, version]) => `${name}@${version}`)
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (found.has(id)) continue
    found.add(id)
    const { dependencies, optionalDependencies } = lockfile.snapshots[id] ?? {}
    for (const [name, version] of Object.entries({ ...dependencies, ...optionalDependencies })) {
      waiting.push(`${name}@${version}`)
    }
  }
  return found
}

const nameOf = (id: string) => id.slice(0, id.indexOf('@', 1))

test('our packages depend on nothing but what has a reason', () => {
  expect([...new Set(own.map(([name]) => name))].toSorted()).toEqual(Object.keys(reasons).toSorted())
})

test('and nothing else is installed with them than what was looked at', () => {
  const others = new Set([...installed()].map(nameOf).filter((name) => !(name in reasons)))
  expect([...others].toSorted()).toEqual(brought.toSorted())
})

test('every package comes from the registry, pinned to its digest', () => {
  const loose = Object.entries(lockfile.packages).filter(
    ([, { resolution }]) =>
      resolution['integrity']?.startsWith('sha512-') !== true || 'tarball' in resolution,
  )
  expect(loose.map(([id]) => id)).toEqual([])
})

test('no package that is installed, for users or for tests, runs a script when it is', () => {
  const manifests = globSync('node_modules/.pnpm/*/node_modules/{*,@*/*}/package.json', { cwd: root })
  expect(manifests.length).toBeGreaterThan(100)
  const running = manifests.filter((path) => {
    const { scripts = {} } = JSON.parse(read(path)) as { scripts?: Readonly<Record<string, string>> }
    return ['preinstall', 'install', 'postinstall'].some((name) => name in scripts)
  })
  expect(running).toEqual([])
})

test('nor could one: no package is allowed to, and releases of today are not taken', () => {
  const settings = parse(read('pnpm-workspace.yaml')) as Readonly<Record<string, unknown>>
  const allowing = new Set([
    'onlyBuiltDependencies',
    'allowBuilds',
    'dangerouslyAllowAllBuilds',
    'neverBuiltDependencies',
  ])
  expect(Object.keys(settings).filter((name) => allowing.has(name))).toEqual([])
  expect(settings['minimumReleaseAge']).toBeGreaterThanOrEqual(1440)
  expect(JSON.parse(read('package.json'))).not.toHaveProperty('pnpm')
})

test('our own packages run nothing when they are installed', () => {
  const manifests = globSync('{packages,providers,apps}/*/package.json', { cwd: root })
  const running = manifests.filter((path) => /"(?:pre|post)?install"|"prepare"/.test(read(path)))
  expect(running).toEqual([])
})
