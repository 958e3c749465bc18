import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The root of the repository, with a slash at its end. */
export const root = fileURLToPath(new URL('../../../', import.meta.url))

/** A code block whose purpose stands in a comment in front of it: `<!-- runnable, prints: Hello -->`. */
export interface CodeBlock {
  /** `runnable`, `file`, `excerpt`, … */
  readonly purpose: string
  /** What the comment says after the purpose: `with acme, prints: Hello`, or a path after a colon. */
  readonly rest: string
  readonly language: string
  readonly code: string
  /** For the names of tests. */
  readonly title: string
}

/** The text of a document; `path` is relative to the root. */
export function readDocument(path: string): string {
  return readFileSync(root + path, 'utf8')
}

/** The code blocks of a document that have a purpose, in their order. */
export function codeBlocks(path: string): CodeBlock[] {
  const text = readDocument(path)
  return [...text.matchAll(/<!-- ([a-z]+)([^>]*?) -->\n\n```(\w+)\n([\s\S]*?\n)```/g)].map((match) => {
    const [, purpose = '', rest = '', language = '', code = ''] = match
    const line = text.slice(0, match.index).split('\n').length
    return {
      purpose,
      rest: rest.replace(/^[:,]? */, ''),
      language,
      code,
      title: `${path}:${line} (${language})`,
    }
  })
}

/** What a runnable block must print. */
export function expectedOutput({ rest, title }: CodeBlock): string {
  const expected = /prints: (.+)$/.exec(rest)?.[1]
  if (expected === undefined) throw new Error(`${title}: the comment does not say what it prints`)
  return expected
}
