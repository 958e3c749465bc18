import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { renderDocument } from './document.ts'

// To write the file again after a change: vitest run providers/mock/src/document.test.ts --update
test('docs/mock.md is what the grammar renders', async () => {
  const path = fileURLToPath(new URL('../../../docs/mock.md', import.meta.url))
  await expect(renderDocument()).toMatchFileSnapshot(path)
})
