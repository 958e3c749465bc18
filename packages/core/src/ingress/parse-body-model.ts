import { MemberScan, skipSpace } from '../exchange/splice-scan.ts'

/** A letter of `model` as an escape. Nobody writes ASCII letters so, but JSON allows it. */
const escapedLetter = /\\u006[4-9a-f]/i

/**
 * What makes it unclear which model a body names: a second `model`, of which some parsers take the first, or the name in other
 * letters (`Model`), which parsers that ignore case take. The upstream would then serve another model than was routed,
 * logged and counted. `undefined` for nearly all bodies, at the cost of looking at their keys.
 */
export function findRivalModel(
  body: Readonly<Record<string, unknown>>,
  text: string,
  bytes: Buffer,
): string | undefined {
  for (const key in body) if (key.length === 5 && key !== 'model' && key.toLowerCase() === 'model') return key
  const first = text.indexOf('"model"')
  const again = first !== -1 && text.includes('"model"', first + 1)
  return (again || escapedLetter.test(text)) && countModels(bytes) > 1 ? 'model' : undefined
}

/** Members of the outermost object that are called `model`; deeper ones mean something else. */
function countModels(bytes: Buffer): number {
  const scan = new MemberScan(bytes, skipSpace(bytes, 0))
  let count = 0
  while (scan.next()) if (scan.is('model')) count++
  return count
}
