/**
 * A name that the API takes: letters, digits, single spaces, hyphens, parentheses and square brackets. It tells the model about the
 * document and must be there once in a conversation: `taken` are the names so far, and gets this one.
 */
export function documentName(filename: unknown, taken: Set<string>): string {
  const given = typeof filename === 'string' ? filename.replace(/\.[A-Za-z0-9]{1,5}$/, '') : ''
  const legal = given
    .replaceAll(/[^A-Za-z0-9\s()[\]-]+/g, '-')
    .replaceAll(/\s+/g, ' ')
    .slice(0, 150)
    .trim()
  const plain = /[A-Za-z0-9]/.test(legal) ? legal : 'document'
  let name = plain
  for (let count = 2; taken.has(name); count += 1) name = `${plain} (${count})`
  taken.add(name)
  return name
}
