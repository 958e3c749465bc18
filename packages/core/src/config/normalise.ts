import { type Environment, interpolate } from './interpolate.ts'
import type { ConfigPath } from './problem.ts'
import { formatPath } from './problem.ts'
import { acceptsNull, schemaAt } from './schema-walk.ts'
import { configSchema } from './schema.ts'
import { isMapping } from './secrets.ts'

/** Deeper nesting than this is an attack or a mistake. */
const maxDepth = 32

export interface Normalised {
  readonly value: unknown
  readonly problems: readonly { readonly path: ConfigPath; readonly message: string }[]
  readonly warnings: readonly { readonly path: ConfigPath; readonly message: string }[]
  /** `formatPath()` of every value that contains text from the environment. */
  readonly fromEnv: ReadonlySet<string>
  /** `formatPath()` of every value that could not be replaced and was left out. */
  readonly absent: ReadonlySet<string>
  readonly unset: ReadonlyMap<number, readonly string[]>
}

/**
 * Makes a parsed configuration ready for the schema: environment references are replaced, and empty keys (`providers:`)
 * are left out so that they get their default, except where `null` has a meaning of its own.
 */
export function normalise(value: unknown, env: Environment | undefined): Normalised {
  const walk = new Walk(env, value)
  return {
    value: walk.visit(value, []),
    problems: walk.problems,
    warnings: walk.warnings,
    fromEnv: walk.fromEnv,
    absent: walk.absent,
    unset: walk.unset,
  }
}

class Walk {
  readonly problems: { path: ConfigPath; message: string }[] = []
  readonly warnings: { path: ConfigPath; message: string }[] = []
  readonly fromEnv = new Set<string>()
  readonly absent = new Set<string>()
  readonly unset = new Map<number, string[]>()
  readonly #env: Environment | undefined
  readonly #root: unknown

  constructor(env: Environment | undefined, root: unknown) {
    this.#env = env
    this.#root = root
  }

  visit(value: unknown, path: ConfigPath): unknown {
    if (path.length > maxDepth) {
      this.problems.push({ path: path.slice(0, maxDepth), message: `nested more than ${maxDepth} deep` })
      return undefined
    }
    if (typeof value === 'string') return this.#text(value, path)
    if (Array.isArray(value)) {
      // A reference without a value leaves no hole: the rest of the list is checked as it is.
      return value
        .map((element, index) => this.visit(element, [...path, index]))
        .filter((element, index) => element !== undefined || value[index] === undefined)
    }
    return isMapping(value) ? this.#mapping(value, path) : value
  }

  #mapping(value: Record<string, unknown>, path: ConfigPath): Record<string, unknown> {
    const result: [string, unknown][] = []
    for (const [name, item] of Object.entries(value)) {
      const here = [...path, name]
      if (name === '__proto__') {
        this.problems.push({ path: here, message: 'unknown key' })
        continue
      }
      if (item === undefined || (item === null && !acceptsNull(schemaAt(configSchema, here)))) continue
      const visited = this.visit(item, here)
      if (visited !== undefined) result.push([name, visited])
    }
    return Object.fromEntries(result)
  }

  #text(value: string, path: ConfigPath): string | undefined {
    if (this.#env === undefined) return value
    if (/^\$\w+$/.test(value)) {
      const message = 'text of the form $NAME is taken as it is; for an environment variable write ${NAME}'
      this.warnings.push({ path, message })
    }
    if (!value.includes('${')) return value
    const { text, fromEnv, unset, malformed } = interpolate(value, this.#env)
    if (fromEnv) this.fromEnv.add(formatPath(path))
    if (malformed.length > 0) {
      const message =
        'not an environment reference; write ${NAME} or ${NAME:-default}, and $${ for the characters ${'
      this.problems.push({ path, message })
      this.absent.add(formatPath(path))
      return undefined
    }
    if (unset.length === 0) return text
    this.absent.add(formatPath(path))
    this.#missing(path, unset)
    return undefined
  }

  #missing(path: ConfigPath, variables: readonly string[]): void {
    const [first, index, name] = path
    const needed = name === 'name' || name === 'type'
    if (first === 'providers' && typeof index === 'number' && !needed && this.#isOptional(index)) {
      this.unset.set(index, [...new Set([...(this.unset.get(index) ?? []), ...variables])])
      return
    }
    for (const name of variables) {
      const message = `environment variable ${name} is not set; set it, or give a default: \${${name}:-…}`
      this.problems.push({ path, message })
    }
  }

  /** True for a provider that may be off: then a variable that is missing switches it off. */
  #isOptional(index: number): boolean {
    const providers = isMapping(this.#root) ? this.#root.providers : undefined
    const entry: unknown = Array.isArray(providers) ? providers[index] : undefined
    if (!isMapping(entry)) return false
    const { enabled } = entry
    const value = typeof enabled === 'string' ? interpolate(enabled, this.#env ?? {}).text : enabled
    return value === undefined || value === null || value === false || value === 'auto' || value === 'false'
  }
}
