import { globSync, readFileSync } from 'node:fs'
import { runCli } from '@llmproxy/server'
import { expect, test } from 'vitest'
import { shippedPlugins } from '../../scripts/docs/plugins.ts'
import { operationPaths } from '../../packages/server/src/route-table.ts'
import { readDocument, root } from './support/markdown.ts'

const guide = readDocument('docs/write-a-provider.md')
const readme = readDocument('README.md')

test('the provider table has every plugin of this repository', () => {
  const folders = globSync('providers/*/package.json', { cwd: root })
  const types = folders.map(
    (path) => (JSON.parse(readDocument(path)) as { llmproxy: { type: string } }).llmproxy.type,
  )
  const canonical = (type: string) => type.replaceAll('_', '-')
  expect(shippedPlugins.map(({ type }) => canonical(type)).toSorted()).toEqual(
    types.map(canonical).toSorted(),
  )
})

test.each([
  ...Object.values(operationPaths).map((path) => `POST ${path}`),
  ...['/v1/models', '/providers', '/metrics', '/health', '/livez', '/readyz'].map((path) => `GET ${path}`),
])('the README names the endpoint %s', (endpoint) => {
  expect(readme).toContain(`\`${endpoint}\``)
})

test('every command that a document shows exists, and the README shows all of them', async () => {
  const printed: string[] = []
  await runCli(['--help'], { version: '0', print: (line) => void printed.push(line) })
  const commands = [...printed.join('\n').matchAll(/^ {2}([a-z]+)(?: \[options\])? {2,}/gm)].map(
    ([, name]) => name,
  )
  const shownIn = (text: string) =>
    [...text.matchAll(/(?:^|`|npx )llmproxy ([a-z]+)/gm)].map(([, name = '']) => name)
  const everywhere = ['README.md', 'docs/operations.md', 'UPGRADING.md', 'packages/server/README.md'].map(
    readDocument,
  )
  const shown = everywhere.flatMap(shownIn).filter((name) => name !== 'help')
  expect(commands.length).toBeGreaterThan(5)
  expect(shown.filter((name) => !commands.includes(name))).toEqual([])
  expect(
    commands.filter((name) => name !== 'help' && name !== 'start' && !shownIn(readme).includes(name ?? '')),
  ).toEqual([])
})

const described = [
  'ProviderPlugin',
  'Provider',
  'Operations',
  'Supports',
  'Operation',
  'StreamDecoder',
  'Call',
  'UpstreamRequest',
]

test.each(described)('the guide describes every member of %s', (name) => {
  const contract = readDocument('packages/provider-kit/src/contract.ts')
  const body =
    new RegExp(`export interface ${name}\\b[^{]*\\{\\n([\\s\\S]*?)\\n\\}`).exec(contract)?.[1] ?? ''
  const members = [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(]/gm)].map(([, member]) => member)
  expect(members.length).toBeGreaterThan(1)
  const words = new Set(
    [...guide.matchAll(/`([^`\n]+)`/g)].flatMap(([, code = '']) => code.match(/\w+/g) ?? []),
  )
  expect(members.filter((member) => !words.has(member ?? ''))).toEqual([])
})

test('every message that the guide explains is one of the gateway', () => {
  const sources = globSync('packages/{core,server}/src/**/*.ts', { cwd: root })
    .filter((path) => !path.endsWith('.test.ts'))
    .map((path) => readFileSync(root + path, 'utf8'))
    .join('\n')
  const messages = guide
    .split('<!-- messages -->')
    .slice(1)
    .flatMap((part) =>
      [...(part.split('\n\n', 2)[1] ?? '').matchAll(/^\| `([^`]+)`/gm)].map(([, text = '']) => text),
    )
  expect(messages.length).toBeGreaterThan(10)
  const parts = messages.flatMap((message) => message.split('…')).filter((part) => part.trim().length > 3)
  expect(parts.filter((part) => !sources.includes(part))).toEqual([])
})
