/** Keys and array indexes from the root of the configuration. */
export type ConfigPath = readonly (string | number)[]

/** One thing that is wrong with the configuration, or (as a warning) looks wrong. */
export interface ConfigProblem {
  /** Absent for a configuration that was not read from a file. */
  readonly file?: string
  /** From 1. */
  readonly line?: number
  /** From 1. */
  readonly column?: number
  readonly path: ConfigPath
  /** What was found and what to do. Never contains a secret. */
  readonly message: string
}

const brand = Symbol.for('llmproxy.ConfigError')

/** The configuration cannot be used. The message has one line per problem. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(formatProblem).join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
    Object.defineProperty(this, brand, { value: true })
  }

  static is(value: unknown): value is ConfigError {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true
  }
}

/** `config.yaml:12:5 providers[2].prioritty: unknown key; did you mean "priority"?` */
export function formatProblem(problem: ConfigProblem): string {
  const { file, line, column, path, message } = problem
  const place = file === undefined ? '' : line === undefined ? `${file} ` : `${file}:${line}:${column ?? 1} `
  return path.length === 0 ? `${place}${message}` : `${place}${formatPath(path)}: ${message}`
}

/** `providers[2].custom_headers["x y"]` */
export function formatPath(path: ConfigPath): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (!/^[A-Za-z_][\w-]*$/.test(step)) text += `[${JSON.stringify(step)}]`
    else text += text === '' ? step : `.${step}`
  }
  return text
}

/** In the order of the file; problems without a line come last. */
export function inFileOrder(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const line = (problem: ConfigProblem) => problem.line ?? Number.MAX_SAFE_INTEGER
  return problems.toSorted((a, b) => line(a) - line(b) || (a.column ?? 0) - (b.column ?? 0))
}
