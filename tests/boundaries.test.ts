import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../', import.meta.url))

interface Manifest {
  readonly name: string
  readonly version?: string
  readonly private?: boolean
  readonly license?: string
  readonly description?: string
  readonly type?: string
  readonly files?: readonly string[]
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly engines?: Readonly<Record<string, string>>
  readonly publishConfig?: { readonly access?: string }
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly llmproxy?: { readonly apiVersion: number; readonly type: string }
}

interface Package {
  /** Relative to the root, without a final slash. */
  readonly folder: string
  readonly manifest: Manifest
}

const packages: readonly Package[] = globSync('{packages,providers,apps}/*/package.json', { cwd: root }).map(
  (path) => ({ folder: dirname(path), manifest: JSON.parse(read(path)) as Manifest }),
)

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** The source files below these folders, without tests, by their path from the root. */
function sources(pattern: string): string[] {
  return globSync(pattern, { cwd: root, exclude: (path) => /(?:^|\/)(?:node_modules|dist)$/.test(path) })
    .filter((path) => !path.endsWith('.test.ts'))
    .toSorted()
}

/** What a module imports or exports from elsewhere, types included. */
function imports(path: string): string[] {
  const found = read(path).matchAll(
    /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s+'([^']+)'|^\s*import\s+'([^']+)'/gm,
  )
  return [...found].map(([, from, bare]) => from ?? bare ?? '')
}

/** Lines of files that match, as `path:line text`. */
function lines(paths: readonly string[], pattern: RegExp): string[] {
  return paths.flatMap((path) =>
    read(path)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : [])),
  )
}

/** The same models elsewhere: what is known of them stands in one place. */
const borrowed: Readonly<Record<string, string>> = {
  '@llmproxy/provider-azure-openai': '@llmproxy/provider-openai',
}

/** Which of our own packages each ring may use. */
function allowed({ folder, manifest }: Package): (name: string) => boolean {
  if (manifest.name === '@llmproxy/provider-kit') return () => false
  if (manifest.name === '@llmproxy/core') return (name) => name === '@llmproxy/provider-kit'
  if (manifest.name === '@llmproxy/server') return (name) => /^@llmproxy\/(?:core|provider-kit)$/.test(name)
  if (folder.startsWith('providers/'))
    return (name) => name === '@llmproxy/provider-kit' || borrowed[manifest.name] === name
  return (name) => name.startsWith('@llmproxy/')
}

describe('packages depend on each other one way: apps → server → core → provider-kit ← providers', () => {
  test.each(packages.map((each): [string, Package] => [each.manifest.name, each]))(
    '%s in its package.json',
    (_name, each) => {
      const own = Object.keys({ ...each.manifest.dependencies, ...each.manifest.peerDependencies })
      expect(own.filter((name) => isOurs(name) && !allowed(each)(name))).toEqual([])
    },
  )

  test.each(packages.map((each): [string, Package] => [each.manifest.name, each]))(
    '%s in its imports, which are all declared and never reach into another package',
    (_name, each) => {
      const declared = new Set(
        Object.keys({ ...each.manifest.dependencies, ...each.manifest.peerDependencies }),
      )
      const wrong = sources(`${each.folder}/src/**/*.ts`).flatMap((path) =>
        imports(path).flatMap((specifier) =>
          isFine(specifier, path, each, declared) ? [] : `${path}: ${specifier}`,
        ),
      )
      expect(wrong).toEqual([])
    },
  )
})

function isOurs(name: string): boolean {
  return name.startsWith('@llmproxy/') || packages.some(({ manifest }) => manifest.name === name)
}

function isFine(specifier: string, path: string, each: Package, declared: ReadonlySet<string>): boolean {
  if (specifier.startsWith('node:')) return true
  if (specifier.startsWith('.')) {
    const target = relative(root, resolve(root, dirname(path), specifier))
    return target.startsWith(`${each.folder}/src/`) && target.endsWith('.ts')
  }
  const name = specifier.startsWith('@') ? specifier.split('/', 2).join('/') : specifier.split('/', 1)[0]!
  if (name === each.manifest.name) return true
  return declared.has(name) && (!isOurs(name) || allowed(each)(name))
}

// Inside core: the gateway → what it orders → what everything reads.
const ranks: Readonly<Record<string, number>> = {
  '': 2,
  condensation: 2,
  exchange: 1,
  routing: 1,
  resilience: 1,
  health: 1,
  ingress: 1,
  config: 0,
  plugins: 0,
  metrics: 0,
}
/** Single files that belong to no folder, and that every part may read. */
const shared = /^(?:clock|errors|egress)\.ts$/

/** Against the order, and harmless: types of live state, which leave nothing behind at run time. */
const onlyTypes = [
  'exchange/attempt-input.ts → condensation/keywords.ts',
  'exchange/attempt-input.ts → live-provider.ts',
  'health/checks.ts → live-provider.ts',
  'health/configured-deployments.ts → live-provider.ts',
  'health/providers-report.ts → key-report.ts',
  'health/vitals.ts → live-provider.ts',
  'metrics/ledger.ts → resilience/breaker.ts',
  'metrics/merge.ts → resilience/breaker.ts',
  'metrics/prometheus.ts → resilience/breaker.ts',
]

describe('inside core', () => {
  const files = sources('packages/core/src/**/*.ts')
  const edges = files.flatMap((path) =>
    imports(path)
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => ({ from: path, to: relative(root, resolve(root, dirname(path), specifier)) })),
  )
  const place = (path: string) => relative('packages/core/src', path)
  const part = (path: string) => {
    const [first = '', ...rest] = place(path).split('/')
    return rest.length === 0 ? '' : first
  }

  test('every part has its place in the order', () => {
    expect([...new Set(files.map(part))].filter((name) => ranks[name] === undefined)).toEqual([])
  })

  test('a part imports only what is below it, or its equals', () => {
    const wrong = edges
      .filter(({ to }) => !shared.test(place(to)))
      .filter(({ from, to }) => ranks[part(from)]! < ranks[part(to)]!)
    expect(wrong.map(({ from, to }) => `${place(from)} → ${place(to)}`).toSorted()).toEqual(onlyTypes)
  })

  test('the exceptions are imports of types', () => {
    for (const [from = '', to = ''] of onlyTypes.map((edge) => edge.split(' → '))) {
      const statement = new RegExp(`^import type .*/${basename(to)}'$`, 'm')
      expect(read(`packages/core/src/${from}`)).toMatch(statement)
    }
  })

  test('time and randomness come from the clock and from the options of the gateway', () => {
    const others = files.filter((path) => !/\/(?:clock|create-gateway)\.ts$/.test(path))
    const impure =
      /\b(?:Date\.now|performance\.now|Math\.random|setTimeout|setInterval|setImmediate|randomUUID)\b/
    expect(lines(others, impure)).toEqual([])
  })

  test('the environment is a parameter', () => {
    expect(lines(files, /\bprocess\.(?:env|exit|argv|stdout|stderr|on)\b/)).toEqual([])
  })

  test('no HTTP server is known', () => {
    expect(files.flatMap(imports).filter((name) => /fastify|node:https?$/.test(name))).toEqual([])
  })
})

// The dialects that clients speak are ours to name; vendors are not.
const vendors =
  /anthropic|claude|azure|bedrock|cohere|mistral|gemini|vertex|perplexity|\bgrok\b|\bxai\b|openrouter|blackbox|\bgroq\b|deepseek|ollama|vllm|fireworks|together\.ai/i

test('no vendor is named in packages/, not even in a comment', () => {
  expect(lines(sources('packages/*/src/**/*.ts'), vendors)).toEqual([])
})

test('the vendor names of the rule above cover every provider of this repository', () => {
  const types = packages.flatMap(({ manifest }) => manifest.llmproxy?.type ?? [])
  // The dialect and what only plays a vendor.
  const named = types.filter((type) => !/^(?:openai(?:[_-]compatible)?|mock)$/.test(type))
  expect(named.filter((type) => !vendors.test(type))).toEqual([])
})

test('code is run from a name only where plugins are loaded, and no process is started', () => {
  const files = sources('{packages,providers,apps}/*/src/**/*.ts')
  expect(lines(files, /child_process|\beval\(|new Function\(|node:vm/)).toEqual([])
  const dynamic = lines(files, /(?<![.`\w])import\((?!\))/)
  // The two executables look at the version of Node.js before they load anything.
  const may = /^(?:packages\/server\/src\/(?:load-plugin|cli\/bin)|apps\/llmproxy\/src\/main)\.ts:/
  // A vocabulary is loaded when it is needed, by a name that stands in the code.
  const fixed = /import\('gpt-tokenizer\/encoding\/\w+'\)/
  expect(dynamic.filter((line) => !may.test(line) && !fixed.test(line))).toEqual([])
})

test('providers keep no time, read no environment and open nothing, except the mock, which is a server', () => {
  const files = sources('providers/*/src/**/*.ts').filter((path) => !path.startsWith('providers/mock/'))
  expect(lines(files, /\b(?:Date\.now|Math\.random|setTimeout|process\.|fetch\()/)).toEqual([])
  // Checksums and signatures are functions of bytes.
  const pure = new Set(['node:crypto', 'node:zlib'])
  const opening = files.flatMap(imports).filter((name) => name.startsWith('node:') && !pure.has(name))
  expect(opening).toEqual([])
  expect(lines(files, /\b(?:random(?:Bytes|Int|UUID|FillSync)|create(?:Gzip|Gunzip|Inflate))\b/)).toEqual([])
})

test('no file has more than 400 lines', () => {
  const files = globSync('{packages,providers,apps,tests,scripts,bench,examples}/**/*.{ts,mjs}', {
    cwd: root,
    exclude: (path) => /(?:^|\/)(?:node_modules|dist)$/.test(path),
  })
  const long = files.map((path) => ({ path, count: read(path).trimEnd().split('\n').length }))
  expect(long.filter(({ count }) => count > 400)).toEqual([])
})

const publishable = packages.filter(({ manifest }) => manifest.private !== true)

describe('every package that is published', () => {
  test.each(publishable.map((each): [string, Package] => [each.manifest.name, each]))(
    '%s says what it is and ships what it needs',
    (_name, { folder, manifest }) => {
      expect(manifest).toMatchObject({
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        description: expect.stringMatching(/.{10}/),
        license: 'MIT',
        type: 'module',
        publishConfig: { access: 'public' },
        engines: { node: expect.stringMatching(/^>=\d/) },
      })
      expect(manifest.files).toEqual(expect.arrayContaining(['dist', 'src', '!**/*.test.ts', 'README.md']))
      expect(existsSync(join(root, folder, 'README.md'))).toBe(true)
    },
  )

  test.each(publishable.map((each): [string, Package] => [each.manifest.name, each]))(
    '%s exports what is built, and its sources to the tests of this repository only',
    (_name, { folder, manifest }) => {
      for (const conditions of Object.values(manifest.exports ?? {})) {
        expect(Object.keys(conditions)).toEqual(['@llmproxy/source', 'types', 'default'])
        expect(existsSync(join(root, folder, conditions['@llmproxy/source']!))).toBe(true)
        expect(conditions['default']).toMatch(/^\.\/dist\/.+\.js$/)
        expect(conditions['types']).toMatch(/^\.\/dist\/.+\.d\.ts$/)
      }
      expect(Object.keys(manifest.exports ?? {})).toContain('.')
    },
  )

  test.each(publishable.map((each): [string, Package] => [each.manifest.name, each]))(
    '%s takes its siblings by a range that npm understands, and pins none',
    (_name, { manifest }) => {
      const own = Object.entries(manifest.dependencies ?? {}).filter(([name]) => isOurs(name))
      expect(own.filter(([, range]) => range !== 'workspace:^')).toEqual([])
    },
  )
})
