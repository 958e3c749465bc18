/** A generated part of a document: what stands between `<!-- generated:name -->` and `<!-- /generated:name -->`. */
export interface Section {
  /** Relative to the root of the repository. */
  readonly file: string
  readonly name: string
  /** Markdown, without surrounding blank lines. */
  readonly content: string
}

/** The document with the section renewed. Throws when the markers are missing. */
export function replaceSection(document: string, { file, name, content }: Section): string {
  const open = `<!-- generated:${name} -->`
  const close = `<!-- /generated:${name} -->`
  const start = document.indexOf(open)
  const end = document.indexOf(close)
  if (start === -1 || end < start) throw new Error(`${file} has no ${open} … ${close}`)
  return `${document.slice(0, start + open.length)}\n\n${content}\n\n${document.slice(end)}`
}
