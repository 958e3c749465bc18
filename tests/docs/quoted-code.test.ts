import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { type CodeBlock, codeBlocks, readDocument, root } from './support/markdown.ts'
import { ScratchFolder } from './support/run-block.ts'

const blocks = ['README.md', 'docs/write-a-provider.md'].flatMap(codeBlocks)

function of(purpose: string): [string, CodeBlock][] {
  return blocks.filter((block) => block.purpose === purpose).map((block) => [block.title, block])
}

test.each(of('file'))('%s is the file that it names', (_title, { rest, code }) => {
  expect(code).toBe(readDocument(rest))
})

test.each(of('excerpt'))('%s is a part of the file that it names', (_title, { rest, code }) => {
  expect(flat(readDocument(rest))).toContain(flat(code))
})

test.each(of('package'))(
  '%s is the package of the example, as it looks outside of this repository',
  (_title, block) => {
    const { private: _, ...own } = JSON.parse(readDocument(block.rest)) as Record<string, unknown>
    const shown = JSON.parse(block.code) as Record<string, unknown>
    expect(withoutRanges(shown)).toEqual(withoutRanges(own))
  },
)

test.each(of('package'))('%s can be installed, tested and published by plain npm', (_title, { code }) => {
  const shown = JSON.parse(code) as Manifest
  expect(code).not.toMatch(/workspace:|catalog:|link:|file:/)
  expect(shown).not.toHaveProperty('private')
  expect(shown.type).toBe('module')
  const ranges = Object.values({ ...shown.dependencies, ...shown.devDependencies })
  expect(ranges.length).toBeGreaterThan(3)
  for (const range of ranges) expect(range).toMatch(/^\^\d+\.\d+\.\d+$/)
  // The first word of each script must come from a dependency.
  const tools: Readonly<Record<string, string>> = { tsc: 'typescript', vitest: 'vitest', npm: 'npm' }
  const installed = ['npm', ...Object.keys({ ...shown.dependencies, ...shown.devDependencies })]
  for (const script of Object.values(shown.scripts)) {
    expect(installed).toContain(tools[script.split(' ', 1)[0] ?? ''])
  }
})

test('the guide shows every file of the example but its fixtures, and none leans on this repository', () => {
  const shown = of('file').map(([, { rest }]) => rest)
  const files = ['src/index.ts', 'conformance.test.ts', 'tsconfig.json']
  expect(shown).toEqual(expect.arrayContaining(files.map((name) => `examples/acme/${name}`)))
  for (const name of files) expect(readDocument(`examples/acme/${name}`)).not.toContain('../')
})

interface Manifest {
  readonly type?: string
  readonly scripts: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

test('the complete provider and its test are as short as they say', () => {
  const lines = (path: string) => readDocument(path).trimEnd().split('\n').length
  expect(lines('examples/acme/src/index.ts')).toBe(17)
  expect(readDocument('README.md')).toContain('A provider in 17 lines')
  expect(lines('examples/acme/conformance.test.ts')).toBeLessThanOrEqual(20)
})

describe('the code of the guide', () => {
  test('fits the types of the kit', () => {
    using folder = new ScratchFolder()
    const checked = blocks.filter(
      ({ purpose, language }) => language === 'ts' && /^(checked|plugin)$/.test(purpose),
    )
    expect(checked.length).toBeGreaterThan(1)
    checked.forEach(({ code }, index) => folder.write(`block-${index}.ts`, code))
    folder.write('tsconfig.json', JSON.stringify(tsconfig))
    expect(compile(folder.path)).toBe('')
  })
})

/** Without what a formatter may change: white space, and commas before a closing bracket. */
function flat(code: string): string {
  return code.replaceAll(/\s+/g, '').replaceAll(/,(?=[)\]}])/g, '')
}

/** Inside the workspace dependencies are linked, outside they have ranges. */
function withoutRanges(manifest: Record<string, unknown>): object {
  const names = (value: unknown) => Object.keys(value ?? {}).toSorted()
  return {
    ...manifest,
    dependencies: names(manifest['dependencies']),
    devDependencies: names(manifest['devDependencies']),
  }
}

const tsconfig = {
  extends: `${root}tsconfig.base.json`,
  compilerOptions: {
    composite: false,
    noEmit: true,
    allowImportingTsExtensions: true,
    typeRoots: [`${root}node_modules/@types`],
  },
  include: ['*.ts'],
}

function compile(folder: string): string {
  try {
    execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', folder], {
      encoding: 'utf8',
    })
    return ''
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}
