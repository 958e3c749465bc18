import { crc32 } from 'node:zlib'

/** An event in the words of the vendor, or an exception. */
export interface EventMessage {
  readonly event?: string
  readonly exception?: string
  readonly payload: unknown
}

/** One message of `application/vnd.amazon.eventstream`. A payload that is a text is sent as it is. */
export function encodeEvent({ event, exception, payload }: EventMessage): Buffer {
  const named: [string, string][] =
    exception === undefined
      ? [
          [':event-type', event ?? ''],
          [':content-type', 'application/json'],
          [':message-type', 'event'],
        ]
      : [
          [':exception-type', exception],
          [':content-type', 'application/json'],
          [':message-type', 'exception'],
        ]
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  return encodeMessage(
    Buffer.concat(named.map(([name, value]) => textHeader(name, value))),
    Buffer.from(text),
  )
}

/** A message with headers that are encoded already. */
export function encodeMessage(headers: Uint8Array, payload: Uint8Array): Buffer {
  const length = 12 + headers.length + payload.length + 4
  const prelude = Buffer.alloc(12)
  prelude.writeUInt32BE(length, 0)
  prelude.writeUInt32BE(headers.length, 4)
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8)
  const unchecked = Buffer.concat([prelude, headers, payload])
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32(unchecked))
  return Buffer.concat([unchecked, checksum])
}

/** A header whose value is a text. */
export function textHeader(name: string, value: string): Buffer {
  const text = Buffer.from(value)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(text.length)
  return Buffer.concat([header(name, 7), length, text])
}

/** The name and the type of a header; the value follows. */
export function header(name: string, type: number): Buffer {
  return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.from([type])])
}
