import type { Framing, FramingLimits, SseEvent } from './contract.ts'
import { ProviderFault } from './fault.ts'

const lineFeed = 0x0a
/** Bytes that a stream keeps for the beginning of its next line. */
const mostSpare = 64 * 1024

/** The framing of newline-delimited JSON: each line that is not blank is the data of one event. Linear in the bytes. */
export function jsonLines({ eventBytes }: FramingLimits): Framing {
  let line = Buffer.alloc(0)
  let held = 0
  const take = (last: Uint8Array): SseEvent[] => {
    const data = Buffer.concat([line.subarray(0, held), last])
      .toString('utf8')
      .trim()
    held = 0
    if (line.length > mostSpare) line = Buffer.alloc(0)
    return data === '' ? [] : [{ data }]
  }
  const hold = (piece: Uint8Array): void => {
    const length = held + piece.length
    if (length > eventBytes) throw tooLong(eventBytes)
    if (length > line.length) {
      // It doubles: a line in a thousand pieces is copied twice, and pieces of one byte do not cost a hundred each.
      const longer = Buffer.allocUnsafeSlow(Math.max(512, length * 2))
      line.copy(longer, 0, 0, held)
      line = longer
    }
    line.set(piece, held)
    held = length
  }
  return {
    push(bytes) {
      const events: SseEvent[] = []
      let start = 0
      for (let end = bytes.indexOf(lineFeed); end !== -1; end = bytes.indexOf(lineFeed, start)) {
        if (held + end - start > eventBytes) throw tooLong(eventBytes)
        events.push(...take(bytes.subarray(start, end)))
        start = end + 1
      }
      hold(bytes.subarray(start))
      return events
    },
    end() {
      const left = take(new Uint8Array())
      if (left.some(({ data }) => !isJson(data))) throw cutOff()
      return left
    },
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function cutOff(): ProviderFault {
  return new ProviderFault({
    kind: 'bad_response',
    message: 'the upstream closed the stream inside a line',
  })
}

function tooLong(limit: number): ProviderFault {
  return new ProviderFault({
    kind: 'bad_response',
    message: `the upstream sent a line of more than ${limit} bytes, which is the limit`,
  })
}
