import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { replaceSection } from './docs/markers.ts'
import { sections } from './docs/sections.ts'

// Renews the generated parts of the documentation. A test fails when this was forgotten.
for (const section of sections()) {
  const path = fileURLToPath(new URL(`../${section.file}`, import.meta.url))
  const before = readFileSync(path, 'utf8')
  const after = replaceSection(before, section)
  if (after !== before) {
    writeFileSync(path, after)
    console.log(`${section.file}: ${section.name} renewed`)
  }
}
