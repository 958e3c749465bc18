import { hash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type ConfigTexts, longestFile } from '../cli/config-file.ts'

/** What one look at a configuration file and the `.env` beside it has found. */
export type Reading =
  | { readonly kind: 'texts'; readonly digest: string; readonly texts: ConfigTexts }
  | { readonly kind: 'unreadable'; readonly digest: string; readonly path: string; readonly code: string }

/** What the file system says about the two files, without reading them. */
export interface Stamp {
  readonly text: string
  /** Milliseconds since the epoch: when one of them was last changed. */
  readonly changedAt: number
}

/** Where a configuration is looked at. */
export interface ConfigSource {
  /** Never rejects. */
  stamp(): Promise<Stamp>
  /** Never rejects. */
  read(): Promise<Reading>
}

/**
 * A configuration file and the `.env` beside it. Links are followed anew with each look, so a link that is pointed elsewhere, at
 * whatever height, counts as a change.
 */
export function configSource(path: string): ConfigSource {
  const dotEnvPath = join(dirname(path), '.env')
  return {
    async stamp() {
      const stamps = await Promise.all([path, dotEnvPath].map(stampOf))
      return {
        text: stamps.map(({ text }) => text).join('\n'),
        changedAt: Math.max(...stamps.map(({ changedAt }) => changedAt)),
      }
    },
    async read() {
      const [config, dotEnv] = await Promise.all([read(path), read(dotEnvPath)])
      if (config.text === undefined) return unreadable(path, config.code)
      if (dotEnv.text === undefined && dotEnv.code !== 'ENOENT') return unreadable(dotEnvPath, dotEnv.code)
      const texts = { config: config.text, ...(dotEnv.text !== undefined && { dotEnv: dotEnv.text }) }
      return { kind: 'texts', digest: digestOf(texts), texts }
    },
  }
}

/** The same for the same texts, however they came. */
export function digestOf({ config, dotEnv }: ConfigTexts): string {
  return hash('sha256', JSON.stringify([config, dotEnv ?? null]))
}

// Device and inode change with a renamed file or link; the time of the last change cannot be set back, as that of the content can.
async function stampOf(path: string): Promise<Stamp> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    const changedAt = Number((mtimeNs > ctimeNs ? mtimeNs : ctimeNs) / 1_000_000n)
    return { text: [dev, ino, size, mtimeNs, ctimeNs].join(' '), changedAt }
  } catch (error) {
    return { text: codeOf(error), changedAt: 0 }
  }
}

type FileReading = { text: string } | { text?: undefined; code: string }

// A pipe that nobody writes to would be opened for ever, and the process could not even end. Windows has none in the file system.
const openFlags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

async function read(path: string): Promise<FileReading> {
  let file: FileHandle | undefined
  try {
    file = await open(path, openFlags)
    const stats = await file.stat()
    if (stats.isDirectory()) return { code: 'EISDIR' }
    return stats.isFile() ? await readWhole(file) : { code: 'not a regular file' }
  } catch (error) {
    return { code: codeOf(error) }
  } finally {
    await file?.close().catch(() => undefined)
  }
}

/**
 * The size that the file system tells is not asked: a file may grow, and some have none. Reading and checking more would hold up those
 * who are served.
 */
async function readWhole(file: FileHandle): Promise<FileReading> {
  const bytes = Buffer.alloc(longestFile + 1)
  let length = 0
  while (length < bytes.length) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length)
    if (bytesRead === 0) return { text: bytes.toString('utf8', 0, length) }
    length += bytesRead
  }
  return { code: 'larger than 1 MiB' }
}

function unreadable(path: string, code: string): Reading {
  return { kind: 'unreadable', digest: `${code} ${path}`, path, code }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown reason'
}
