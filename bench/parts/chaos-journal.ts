import { existsSync, readFileSync } from 'node:fs'

/** What an upstream writes down of one request. `closed`: the gateway let go of it before the answer was out. */
export interface JournalLine {
  readonly id: string
  readonly event: 'asked' | 'answered' | 'closed'
  /** Milliseconds since the epoch. */
  readonly at: number
}

export function readJournals(files: readonly string[]): JournalLine[] {
  return files
    .filter((file) => existsSync(file))
    .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as JournalLine)
}
