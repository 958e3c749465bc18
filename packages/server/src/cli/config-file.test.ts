import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { longestFile, readText } from './config-file.ts'

test('a file that no reload would take is refused at the start', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'llmproxy-config-')), 'config.yaml')
  writeFileSync(path, '#'.repeat(longestFile))
  expect(readText(path)).toHaveLength(longestFile)
  writeFileSync(path, '#'.repeat(longestFile + 1))
  expect(() => readText(path)).toThrow(`cannot read the configuration ${path}: it is larger than 1 MiB`)
})
