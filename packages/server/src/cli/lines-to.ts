import type { Writable } from 'node:stream'

/**
 * Prints lines to a stream. When its reader has left, as in `llmproxy check | head -1`, or its terminal, or there is no space left
 * for them, the rest is dropped without a word: that is no failure of the command, and a server goes on serving.
 */
export function linesTo(stream: Writable): (line: string) => void {
  stream.on('error', ignore)
  return (line) => void stream.write(`${line}\n`)
}

// Each line that could not be written raises one.
function ignore(): void {}
