/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

export interface Interpolated {
  readonly text: string
  /** At least one reference was replaced, be it by its default. */
  readonly fromEnv: boolean
  /** Variables without value and without default. */
  readonly unset: readonly string[]
  /** `${…}` that is not a reference, such as `${a b}`. */
  readonly malformed: readonly string[]
}

const reference = /\$\$\{|\$\{([^{}]*)(\}?)/g
const inside = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s

/**
 * Replaces `${NAME}` and `${NAME:-default}`; `$${` is a literal `${`. An empty variable counts as unset, as in shells'
 * `:-`, because that is how compose files and CI systems pass variables that nobody has set.
 */
export function interpolate(text: string, env: Environment): Interpolated {
  const unset: string[] = []
  const malformed: string[] = []
  let fromEnv = false
  const replaced = text.replaceAll(reference, (whole: string, body: string | undefined, close: string) => {
    if (body === undefined) return '${'
    const match = close === '}' ? inside.exec(body) : null
    if (match === null) {
      malformed.push(whole)
      return ''
    }
    const value = Object.hasOwn(env, match[1]!) ? env[match[1]!] : undefined
    fromEnv = true
    if (value !== undefined && value !== '') return value
    if (match[2] === undefined) unset.push(match[1]!)
    return match[2] ?? ''
  })
  return { text: replaced, fromEnv, unset, malformed }
}
