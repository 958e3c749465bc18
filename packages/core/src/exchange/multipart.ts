import { createHash } from 'node:crypto'
import type { FormFile } from '@llmproxy/provider-kit'

/** A `multipart/form-data` body (RFC 7578) and the header that names its boundary. */
export interface Multipart {
  readonly contentType: string
  readonly bytes: Buffer
}

type Form = Readonly<Record<string, string | FormFile>>

/**
 * A boundary that no field contains. Made from the bytes of the fields themselves: whoever chose them, and the id of the request,
 * would have to write the digest of a text into that text.
 */
export function boundaryOf(form: Form): string {
  const digest = createHash('sha256')
  for (const [name, value] of Object.entries(form)) {
    if (typeof value === 'string') digest.update(name).update(value)
    else digest.update(name).update(value.filename).update(value.mediaType).update(value.bytes)
  }
  return `llmproxy-${digest.digest('hex').slice(0, 40)}`
}

/** Writes form fields. `boundary` must not occur in any of them. */
export function multipart(form: Form, boundary = boundaryOf(form)): Multipart {
  const parts: Buffer[] = []
  for (const [name, value] of Object.entries(form)) {
    const file = typeof value === 'string' ? undefined : value
    const filename = file === undefined ? '' : `; filename="${quoted(file.filename)}"`
    const type = file === undefined ? '' : `Content-Type: ${file.mediaType.replaceAll(/[\r\n]/g, '')}\r\n`
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"${filename}\r\n${type}\r\n`
    parts.push(Buffer.from(head), Buffer.from(file?.bytes ?? (value as string)), Buffer.from('\r\n'))
  }
  parts.push(Buffer.from(`--${boundary}--\r\n`))
  return { contentType: `multipart/form-data; boundary=${boundary}`, bytes: Buffer.concat(parts) }
}

/** As browsers escape names: a quote or a line break must not end the header. */
function quoted(text: string): string {
  return text.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}
