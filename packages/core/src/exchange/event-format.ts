import type { ErrorEnvelope } from '@llmproxy/provider-kit'

/** One SSE event with `json` as its data. `json` must not contain line breaks, which `JSON.stringify` guarantees. */
export function dataFrame(json: string): string {
  return `data: ${json}\n\n`
}

/** The frame that ends a stream which failed after its first byte. Clients throw on it. */
export function errorFrame(envelope: ErrorEnvelope): string {
  return dataFrame(JSON.stringify(envelope))
}

/** The last event of every complete stream. Not to be written to. */
export const doneFrame: Buffer = Buffer.from('data: [DONE]\n\n')

/** Sent on silence, so that nobody on the way takes the connection for dead. Some clients take `: ping` for the end. */
export const keepaliveComment: Buffer = Buffer.from(': keepalive\n\n')
