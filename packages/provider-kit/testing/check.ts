import type { Subject } from './subject.ts'

/** One check, ready to run with any test runner. */
export interface Check {
  /** A sentence. */
  readonly name: string
  /** Rejects with a `ConformanceError` that names every fixture and difference. */
  readonly run: () => Promise<void>
}

/** The part of the contract that a check belongs to. */
export type CheckGroup =
  | 'shape'
  | 'options'
  | 'request'
  | 'response'
  | 'stream'
  | 'fault'
  | 'coverage'
  | 'end to end'

/** A check before it is bound to a plugin. */
export interface CheckDefinition {
  readonly group: CheckGroup
  readonly name: string
  /** Why a plugin that fails would hurt, for the documentation. */
  readonly why: string
  /** The check drives a gateway. */
  readonly endToEnd?: true
  /** What is wrong, one line each; empty when all is well. */
  find(subject: Subject): readonly string[] | Promise<readonly string[]>
}

const mostShown = 12

/** A failed check. */
export class ConformanceError extends Error {
  readonly problems: readonly string[]

  constructor(name: string, problems: readonly string[], options?: ErrorOptions) {
    const shown = problems.slice(0, mostShown).map((problem) => `\n  - ${problem}`)
    const more = problems.length > mostShown ? `\n  … and ${problems.length - mostShown} more` : ''
    super(`${name}:${shown.join('')}${more}`, options)
    this.name = 'ConformanceError'
    this.problems = problems
  }
}

/** Binds a definition to a plugin. */
export function bindCheck(definition: CheckDefinition, subject: Subject): Check {
  return { name: definition.name, run: () => runCheck(definition, subject) }
}

async function runCheck(definition: CheckDefinition, subject: Subject): Promise<void> {
  let problems: readonly string[]
  try {
    problems = await definition.find(subject)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    throw new ConformanceError(definition.name, [text], { cause: error })
  }
  if (problems.length > 0) throw new ConformanceError(definition.name, problems)
}
