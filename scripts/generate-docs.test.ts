import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { replaceSection, type Section } from './docs/markers.ts'
import { sections } from './docs/sections.ts'
import { table } from './docs/table.ts'

describe('the generated documentation', () => {
  it.each(sections().map((section): [string, Section] => [`${section.file} ${section.name}`, section]))(
    'is up to date: %s (run `npm run docs:generate`)',
    (_name, section) => {
      const document = readFileSync(new URL(`../${section.file}`, import.meta.url), 'utf8')
      expect(replaceSection(document, section)).toBe(document)
    },
  )

  it('describes every key', () => {
    for (const { content } of sections()) {
      expect(content).not.toMatch(/\| +\|$/m)
    }
  })

  it('names the file when its markers are missing', () => {
    const section = { file: 'README.md', name: 'models', content: '' }
    expect(() => replaceSection('# Title', section)).toThrow('README.md has no <!-- generated:models -->')
  })

  it('escapes what would end a cell', () => {
    expect(table(['a'], [['x|y'], ['two\nlines']])).toBe(
      ['| a         |', '| --------- |', String.raw`| x\|y      |`, '| two lines |'].join('\n'),
    )
  })
})
