import { mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import pino from 'pino'
import { StartRefused } from '../start-refused.ts'
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
}

/** A logger and the way to write out what it still holds. */
export interface Logger extends ServerLog {
  flush(): void
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

// Lines are gathered up to this many bytes, or this long, so that a busy server does not make one system call a line.
const gatheredBytes = 8192
const gatheredMilliseconds = 200

const standardOutput = 1

/** JSON lines: `{"level":"info","time":"…","msg":"…", …}`. Secrets are removed by field name and by value. Throws `StartRefused` when the file cannot be written. */
export function createLogger(options: LoggerOptions): Logger {
  const destination = pino.destination({
    dest: options.file === null ? standardOutput : openLogFile(options.file),
    sync: false,
    minLength: gatheredBytes,
    periodicFlush: gatheredMilliseconds,
  })
  const logger = pino(
    {
      level: levels[options.level] ?? 'info',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
      hooks: { streamWrite: (line: string) => options.scrub(redactFields(line)) },
    },
    destination,
  )
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    flush: () => destination.flushSync(),
  }
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
