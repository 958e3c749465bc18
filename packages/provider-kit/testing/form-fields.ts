import type { SimulatedRequest } from './simulator.ts'

/** One field of a form: its text, or a file. */
export interface FormField {
  readonly text: string
  readonly filename?: string
  readonly mediaType?: string
}

/** The fields of a `multipart/form-data` body; `undefined` when it is none, or is not well-formed. Repeated names: the last one wins. */
export function formFields({
  headers,
  bytes,
}: SimulatedRequest): Readonly<Record<string, FormField>> | undefined {
  const boundary = /^multipart\/form-data;.*\bboundary="?([^";]+)"?/i.exec(headers['content-type'] ?? '')?.[1]
  if (boundary === undefined) return undefined
  const text = bytes.toString('latin1')
  const closing = `--${boundary}--`
  if (!text.startsWith(`--${boundary}\r\n`) || !text.trimEnd().endsWith(closing)) return undefined
  const parts = text.slice(0, text.lastIndexOf(closing)).split(`--${boundary}\r\n`).slice(1)
  const fields = parts.map(fieldOf)
  return fields.includes(undefined)
    ? undefined
    : Object.fromEntries(fields.filter((field) => field !== undefined))
}

function fieldOf(part: string): readonly [string, FormField] | undefined {
  const head = part.indexOf('\r\n\r\n')
  if (head === -1 || !part.endsWith('\r\n')) return undefined
  const headers = part.slice(0, head)
  const name = /^content-disposition: form-data;.*\bname="([^"]*)"/im.exec(headers)?.[1]
  if (name === undefined) return undefined
  const filename = /\bfilename="([^"]*)"/i.exec(headers)?.[1]
  const mediaType = /^content-type: (.+)$/im.exec(headers)?.[1]
  const text = Buffer.from(part.slice(head + 4, -2), 'latin1').toString('utf8')
  return [
    name,
    { text, ...(filename !== undefined && { filename }), ...(mediaType !== undefined && { mediaType }) },
  ]
}
