import { globSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readDocument, root } from './support/markdown.ts'

const folders = globSync('{packages,providers,apps}/*/package.json', { cwd: root }).map((path) =>
  path.replace('/package.json', ''),
)

test.each(folders)('the README of %s links to nothing that the package does not have', (folder) => {
  const links = [...readDocument(`${folder}/README.md`).matchAll(/\]\(([^)\s]+)\)/g)].map(([, to]) => to)
  expect(links.filter((to) => to?.startsWith('..'))).toEqual([])
})

test.each(folders)('%s is published with its README, and without tests and build info', (folder) => {
  const { files } = JSON.parse(readDocument(`${folder}/package.json`)) as { files: readonly string[] }
  expect(files).toEqual(expect.arrayContaining(['dist', 'README.md', '!**/*.test.ts', '!**/.tsbuildinfo']))
})
