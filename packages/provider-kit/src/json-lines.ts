import type { Framing, FramingLimits, SseEvent } from './contract.ts'
import { ProviderFault } from './fault.ts'

const lineFeed = 0x0a

/** The framing of newline-delimited JSON: each line that is not blank is the data of one event. Linear in the bytes. */
export function jsonLines({ eventBytes }: FramingLimits): Framing {
  let pieces: Uint8Array[] = []
  let held = 0
  const take = (last: Uint8Array): SseEvent[] => {
    const data = Buffer.concat([...pieces, last])
      .toString('utf8')
      .trim()
    pieces = []
    held = 0
    return data === '' ? [] : [{ data }]
  }
  const hold = (piece: Uint8Array): void => {
    held += piece.length
    if (held > eventBytes) throw tooLong(eventBytes)
    // A copy: the bytes belong to the transport.
    if (piece.length > 0) pieces.push(Uint8Array.from(piece))
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
