import type { Writable } from 'node:stream'

/**
 * Prints lines to a stream. When its reader has left, as in `llmproxy check | head -1`, the rest is dropped without a word:
 * that is no failure of the command, and a server goes on serving.
 */
export function linesTo(stream: Writable): (line: string) => void {
  stream.on('error', ignoreBrokenPipe)
  return (line) => void stream.write(`${line}\n`)
}

function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error
}
