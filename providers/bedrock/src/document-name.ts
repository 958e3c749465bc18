/**
 * A name that the API takes: letters, digits, single spaces, hyphens, parentheses and square brackets. It tells the model about the
 * document and must be there once in a conversation: `taken` are the names so far, each with the last number put behind it, and gets this one.
 */
export function documentName(filename: unknown, taken: Map<string, number>): string {
  const given = typeof filename === 'string' ? filename.replace(/\.[A-Za-z0-9]{1,5}$/, '') : ''
  const legal = given
    .replaceAll(/[^A-Za-z0-9\s()[\]-]+/g, '-')
    .replaceAll(/\s+/g, ' ')
    .slice(0, 150)
    .trim()
  const plain = /[A-Za-z0-9]/.test(legal) ? legal : 'document'
  let name = plain
  // From where it stopped: a name that many documents share would be counted through from the start each time.
  let count = taken.get(plain) ?? 1
  while (taken.has(name)) {
    count += 1
    name = `${plain} (${count})`
  }
  taken.set(name, 1)
  taken.set(plain, count)
  return name
}
