import { globSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readDocument, root } from './support/markdown.ts'

const section =
  readDocument('SECURITY.md').split('## Attacks and the tests that show they fail')[1]?.split('\n## ')[0] ??
  ''
const rows = section.split('\n').filter((line) => /^\| (?!attack|---)/.test(line))
const named = (text: string) => [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, path = '']) => path)

test('every attack names a test that is there', () => {
  expect(rows.length).toBeGreaterThan(25)
  for (const row of rows) {
    const paths = named(row)
    expect([row, paths.length > 0]).toEqual([row, true])
    for (const path of paths)
      expect([path, /\btest(?:\.\w+)?(?:<[^(]*)?\(/.test(readDocument(path))]).toEqual([path, true])
  }
})

test('every test of an attack stands in the table', () => {
  const files = globSync('tests/security/*.test.ts', { cwd: root })
  expect(files.length).toBeGreaterThan(25)
  const all = new Set(rows.flatMap(named))
  expect(files.filter((path) => !all.has(path))).toEqual([])
})
