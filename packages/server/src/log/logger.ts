import { mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import type { GatewayConfig } from '@llmproxy/core'
import pino from 'pino'
import { StartRefused } from '../start-refused.ts'
import { LineGatherer } from './line-gatherer.ts'
import { LogOutput } from './log-output.ts'
import { redactFields } from './redact.ts'

/** Where the server writes what happens. The first parameter holds the fields of the line. */
export interface ServerLog {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface LoggerOptions {
  /** `log_level` of the configuration. */
  readonly level: string
  /** A path, or `null` for standard output. */
  readonly file: string | null
  /** Replaces every configured secret in a text. */
  scrub(text: string): string
  /** Stands in each line of a server with several workers. */
  readonly worker?: number | undefined
  /** Told when a `file` takes no lines any more. Default: nobody. */
  readonly complain?: ((line: string) => void) | undefined
}

/** A logger and the way to write out what it still holds. */
export interface Logger extends ServerLog {
  /** Resolves when every line so far is written, in order. */
  flush(): Promise<void>
  /** From now on only lines of this level (`log_level` of the configuration) and above are written. */
  setLevel?(level: string): void
}

const levels: Readonly<Record<string, string>> = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARNING: 'warn',
  WARN: 'warn',
  ERROR: 'error',
  CRITICAL: 'fatal',
  FATAL: 'fatal',
  SILENT: 'silent',
}

/** JSON lines: `{"level":"info","time":"…","msg":"…", …}`. Secrets are removed by field name and by value. Throws `StartRefused` when the file cannot be written. */
export function createLogger(options: LoggerOptions): Logger {
  const gatherer = new LineGatherer(outputOf(options))
  const safe = (line: string) => options.scrub(redactFields(line))
  const start = options.worker === undefined ? '' : `,"worker":${options.worker}`
  const logger = pino(
    {
      level: pinoLevel(options.level),
      base: options.worker === undefined ? null : { worker: options.worker },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
      hooks: { streamWrite: safe },
    },
    gatherer,
  )
  let informs = logger.isLevelEnabled('info')
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => {
      if (informs) gatherer.write(safe(infoLine(start, fields, message)))
    },
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    flush: () => gatherer.flush(),
    setLevel: (level) => {
      logger.level = pinoLevel(level)
      informs = logger.isLevelEnabled('info')
    },
  }
}

/** The level that a configuration asks for: `debug: true` is short for `log_level: DEBUG`. */
export function logLevel({ debug, log_level }: Pick<GatewayConfig, 'debug' | 'log_level'>): string {
  return debug ? 'DEBUG' : log_level
}

function pinoLevel(level: string): string {
  return levels[level] ?? 'info'
}

/**
 * The line that pino would write. There is one for each request, so it is made by one `JSON.stringify`: pino's own way, which
 * formats member by member, costs three times as much and twice the memory. `start`: members that every line has.
 */
function infoLine(start: string, fields: object, message: string): string {
  const members = JSON.stringify(fields).slice(1, -1)
  const time = new Date().toISOString()
  return `{"level":"info","time":"${time}"${start}${members === '' ? '' : `,${members}`},"msg":${JSON.stringify(message)}}\n`
}

const standardOutput = 1

function outputOf({ file, complain }: LoggerOptions): LogOutput {
  if (file === null) return new LogOutput(standardOutput, { name: 'standard output' })
  return new LogOutput(openLogFile(file), { name: `log_file ${file}`, complain })
}

function openLogFile(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true })
    return openSync(path, 'a')
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason'
    throw new StartRefused(`log_file ${path} cannot be written: ${reason}`, { cause: error })
  }
}
