import pino from 'pino'
import { redactedPaths } from './redacted-paths.ts'

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
const gatheredBytes = 4096
const gatheredMilliseconds = 200

/** JSON lines: `{"level":"info","time":"…","msg":"…", …}`. Secrets are removed by field name and by value. */
export function createLogger(options: LoggerOptions): Logger {
  const destination = pino.destination({
    ...(options.file === null ? { dest: 1 } : { dest: options.file, mkdir: true }),
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
      redact: { paths: redactedPaths, censor: '[redacted]' },
      hooks: { streamWrite: (line: string) => options.scrub(line) },
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
