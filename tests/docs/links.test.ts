import { existsSync, globSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { readDocument, root } from './support/markdown.ts'

const documents = globSync(
  ['*.md', 'docs/*.md', 'bench/*.md', '{packages,providers,examples,apps}/**/*.md'],
  {
    cwd: root,
    exclude: (name) => /(?:^|\/)(?:node_modules|dist|CHANGELOG\.md)$/.test(name),
  },
)

test.each(documents)('every link of %s leads somewhere', (document) => {
  const text = withoutCode(readDocument(document))
  const broken = [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(
    ([, target = '']) => problem(document, target) ?? [],
  )
  expect(broken).toEqual([])
})

test('the documents of the root are there and link to each other from the README', () => {
  const readme = readDocument('README.md')
  for (const name of ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'UPGRADING.md']) {
    expect(readme).toContain(`](${name})`)
  }
  for (const name of globSync('docs/*.md', { cwd: root })) expect(readme).toContain(`](${name})`)
})

function problem(document: string, target: string): string | undefined {
  if (/^(?:https?|mailto):/.test(target)) return undefined
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? document : join(dirname(document), path)
  if (!existsSync(root + file)) return `${target}: there is no such file`
  if (anchor === undefined || statSync(root + file).isDirectory()) return undefined
  return anchors(readDocument(file)).includes(anchor) ? undefined : `${target}: there is no such heading`
}

function anchors(text: string): string[] {
  return [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- _]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```/gm, '')
}
