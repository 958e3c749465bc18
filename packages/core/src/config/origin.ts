import { describeKey } from './describe-value.ts'
import type { ConfigPath, ConfigProblem } from './problem.ts'

/**
 * File, line and column of a path's value, or of its nearest ancestor that exists; empty without a file.
 * `key`: of the key itself, when that is what is wrong.
 */
export type Place = (path: ConfigPath, part?: 'key') => Pick<ConfigProblem, 'file' | 'line' | 'column'>

/** Where the values of a configuration came from: what error messages and provider switches need beside the values. */
export interface ConfigOrigin {
  readonly place: Place
  /** The value, or a part of it, was taken from the environment: it is never printed. */
  readonly fromEnv: (path: ConfigPath) => boolean
  /** Environment variables that a provider (by index) names and that are not set. Such a provider is off. */
  readonly unset: ReadonlyMap<number, readonly string[]>
}

/** The origin of a configuration that is a plain object. */
export const noOrigin: ConfigOrigin = { place: () => ({}), fromEnv: () => false, unset: new Map() }

/** A problem at a path, with its position filled in. */
export function problemAt(
  origin: ConfigOrigin,
  path: ConfigPath,
  message: string,
  part?: 'key',
): ConfigProblem {
  return { ...origin.place(path, part), path: part === 'key' ? shownPath(path) : path, message }
}

function shownPath(path: ConfigPath): ConfigPath {
  const key = path.at(-1)
  return typeof key === 'string' ? [...path.slice(0, -1), describeKey(key)] : path
}
