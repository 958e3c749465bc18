const longest = 60

const switches: Readonly<Record<string, boolean>> = {
  yes: true,
  y: true,
  on: true,
  true: true,
  no: false,
  n: false,
  off: false,
  false: false,
}

/**
 * `; write true`: how a text would have to be written to be what is expected; empty when that cannot be told. `expected`: the
 * schema library's name of a type. `hidden`: the text must not be repeated.
 */
export function repair(expected: string | undefined, value: unknown, hidden: boolean): string {
  if (typeof value !== 'string') return ''
  if (expected === 'boolean') return hidden ? '' : asSwitch(value)
  if (expected !== 'array') return ''
  return hidden || value.length > longest ? '; put brackets around it: […]' : `; write ${asList(value)}`
}

function asSwitch(text: string): string {
  const word = text.trim().toLowerCase()
  return Object.hasOwn(switches, word) ? `; write ${String(switches[word])}, without quotes` : ''
}

/** Names do not contain commas: who writes one means several. */
function asList(text: string): string {
  const items = text.split(',').map((item) => item.trim())
  return `[${items
    .filter((item) => item !== '')
    .map((item) => `'${item.replaceAll("'", "''")}'`)
    .join(', ')}]`
}
