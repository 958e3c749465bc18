import { crc32 } from 'node:zlib'
import {
  badResponse,
  type Framing,
  type FramingLimits,
  isObject,
  type SseEvent,
} from '@llmproxy/provider-kit'
import { messageHeaders } from './event-stream-headers.ts'

/** Bytes: the length of the message, the length of its headers, and a checksum of both. */
const preludeLength = 12
const checksumLength = 4

/**
 * Cuts `application/vnd.amazon.eventstream` into messages. An event gets its name from the header `:event-type`, and its payload as
 * data; an exception becomes an event named `exception`, whose data has the exception's name as `type` and its `message`. Both
 * checksums of each message are checked. Throws a `bad_response` fault for damage, for a message above the limit, and in
 * `end()` for one that is cut off. Linear in the bytes.
 */
export function eventStream({ eventBytes }: FramingLimits): Framing {
  let buffer = Buffer.alloc(0)
  let held = 0
  let wanted = preludeLength
  const hold = (bytes: Uint8Array): void => {
    const length = held + bytes.length
    if (length > buffer.length) {
      // It doubles: pieces of one byte that were kept one by one would cost a hundred each.
      const larger = Buffer.allocUnsafeSlow(Math.max(512, length * 2))
      buffer.copy(larger, 0, 0, held)
      buffer = larger
    }
    buffer.set(bytes, held)
    held = length
  }
  return {
    push(bytes) {
      const events: SseEvent[] = []
      hold(bytes)
      let at = 0
      while (held - at >= wanted) {
        if (wanted === preludeLength) {
          wanted = messageLength(buffer.subarray(at, held), eventBytes)
          continue
        }
        events.push(eventOf(buffer.subarray(at, at + wanted)))
        at += wanted
        wanted = preludeLength
      }
      buffer.copyWithin(0, at, held)
      held -= at
      return events
    },
    end() {
      if (held > 0) throw badResponse('the stream closed inside a message')
      return []
    },
  }
}

/** The length of the message that begins here. The prelude is checked first: a damaged length would be waited for in vain. */
function messageLength(bytes: Buffer, limit: number): number {
  if (crc32(bytes.subarray(0, 8)) !== bytes.readUInt32BE(8))
    throw badResponse('the prelude of a message is damaged')
  const length = bytes.readUInt32BE(0)
  if (length > limit)
    throw badResponse(`a message of ${length} bytes is longer than ${limit}, which is the limit`)
  const least = preludeLength + bytes.readUInt32BE(4) + checksumLength
  if (length < least) throw badResponse('the headers of a message are longer than the message')
  return length
}

function eventOf(message: Buffer): SseEvent {
  const end = message.length - checksumLength
  if (crc32(message.subarray(0, end)) !== message.readUInt32BE(end)) throw badResponse('a message is damaged')
  const payloadStart = preludeLength + message.readUInt32BE(4)
  const headers = messageHeaders(message.subarray(preludeLength, payloadStart))
  const payload = message.toString('utf8', payloadStart, end)
  switch (headers.get(':message-type')) {
    case 'event':
      // An event without a payload is an event all the same.
      return { event: headers.get(':event-type') ?? '', data: payload === '' ? '{}' : payload }
    case 'exception':
      return exception(headers.get(':exception-type'), messageOf(payload))
    case 'error':
      return exception(headers.get(':error-code'), headers.get(':error-message'))
    default:
      throw badResponse('a message is neither an event nor an exception')
  }
}

function exception(type: string | undefined, message: string | undefined): SseEvent {
  return { event: 'exception', data: JSON.stringify({ type: type ?? 'unknown', message }) }
}

function messageOf(payload: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(payload)
    const message = isObject(parsed) ? (parsed['message'] ?? parsed['Message']) : undefined
    return typeof message === 'string' ? message : undefined
  } catch {
    return payload === '' ? undefined : payload
  }
}
