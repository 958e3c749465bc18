import { isObject } from './frame-rules-shape.ts'

/** Where windows stand in a list of models. */
export interface WindowMembers {
  /** Members of an entry, the first one that has a number counts; a dot leads into an object: `limits.context`. */
  readonly members: readonly string[]
  /** The array of the answer. Default: `data`. */
  readonly list?: string
  /** The member with the id. Default: `id`. */
  readonly id?: string
}

/** `ModelList.windows` for a vendor whose list has them as numbers. Gives nothing for what is no list; never throws. */
export function modelWindows(given: WindowMembers): (body: unknown) => Readonly<Record<string, number>> {
  const { members, list = 'data', id = 'id' } = given
  const paths = members.map((member) => member.split('.'))
  return (body) => {
    const entries: unknown = isObject(body) ? body[list] : undefined
    if (!Array.isArray(entries)) return {}
    return Object.fromEntries(
      entries.flatMap((entry: unknown): [string, number][] => {
        const name = valueAt(entry, [id])
        const window = paths.map((path) => valueAt(entry, path)).find(isWindow)
        return typeof name === 'string' && name !== '' && isWindow(window) ? [[name, window]] : []
      }),
    )
  }
}

function valueAt(entry: unknown, path: readonly string[]): unknown {
  return path.reduce((value, name) => (isObject(value) ? value[name] : undefined), entry)
}

/** Lists have 0 or `null` for models that do not answer in words. */
function isWindow(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0
}
