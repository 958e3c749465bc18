import { hash } from 'node:crypto'

/**
 * A word that none of the texts contains, whoever wrote them: the first digits of a digest of them, or of a digest of that for as long as
 * one of them has it. The same texts have the same mark, so that equal calls are equal. `digits`: few cost few tokens.
 */
export function markOf(texts: readonly string[], digits = 12): string {
  let digest = hash('sha256', texts.map((text) => hash('sha256', text)).join(' '))
  while (texts.some((text) => text.includes(digest.slice(0, digits)))) digest = hash('sha256', digest)
  return digest.slice(0, digits)
}

/** The text between two lines that name what it is, such as `<summary-0c5f…>`. */
export function delimited(name: string, text: string): string {
  return `<${name}>\n${text}\n</${name}>`
}
