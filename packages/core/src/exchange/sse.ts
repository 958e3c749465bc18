import { ProviderFault, type SseEvent } from '@llmproxy/provider-kit'

const LF = 0x0a
const CR = 0x0d
const BOM = [0xef, 0xbb, 0xbf] as const
const NOTHING = Buffer.alloc(0)

/** Receives the events of a stream. The range is valid for ever: the splitter never writes to it again. */
export interface SseSink {
  /**
   * One event: `start..end` includes the blank line that ends it. `plain`: it is exactly `data: payload` and two line
   * feeds, so the payload is `start + 6 .. end - 2`. Events of comments only are reported too.
   */
  event(buffer: Buffer, start: number, end: number, plain: boolean): void
}

/**
 * Cuts a byte stream into SSE events, wherever the chunks end: LF, CRLF and CR line ends in any mix, a byte order mark
 * in front, no blank line at the end. Linear in the bytes; nothing is copied when an event lies inside one chunk.
 * An event above `limit` bytes throws a `ProviderFault` (`bad_response`), after which the splitter must be thrown away.
 */
export class SseSplitter {
  readonly #limit: number
  /** The bytes of an event whose end has not come yet. */
  #tail: Buffer = NOTHING
  #length = 0
  /** Where the first line of the unfinished event ended, from its start; -1 while it has not. */
  #firstLine = -1
  /** The current line has no byte yet. */
  #lineEmpty = true
  /** The last byte was a CR that ended a line: a LF right behind it belongs to it. */
  #afterCr = false
  #begun = false

  constructor(limit: number) {
    this.#limit = limit
  }

  push(chunk: Buffer, sink: SseSink): void {
    const bytes = this.#begun ? chunk : this.#begin(chunk)
    const { length } = bytes
    if (length === 0) return
    let at = this.#afterCr && bytes[0] === LF ? 1 : 0
    this.#afterCr = false
    // A LF that completes a CRLF inside the unfinished event stays in it; behind a finished event it is skipped.
    let start = this.#length > 0 ? 0 : at
    let carried = this.#length
    let lineEmpty = this.#lineEmpty
    let firstLine = this.#firstLine
    let lf = -1
    let cr = -1
    while (at < length) {
      if (bytes[at] === LF) lf = at
      else if (lf < at) lf = orLength(bytes.indexOf(LF, at), length)
      if (cr < at) cr = orLength(bytes.indexOf(CR, at), length)
      const lineEnd = lf < cr ? lf : cr
      if (lineEnd === length) {
        lineEmpty = false
        break
      }
      let next = lineEnd + 1
      if (lineEnd === cr) {
        if (next === length) this.#afterCr = true
        else if (bytes[next] === LF) next++
      }
      if (lineEnd > at || !lineEmpty) {
        if (firstLine === -1) firstLine = carried + lineEnd - start
      } else {
        if (carried > 0) this.#emitTail(bytes, next, firstLine, sink)
        else if (at > start) this.#emit(bytes, start, next, start + firstLine, sink)
        start = next
        carried = 0
        firstLine = -1
      }
      lineEmpty = true
      at = next
    }
    this.#lineEmpty = lineEmpty
    this.#firstLine = firstLine
    if (start < length) this.#keep(bytes, start, length)
  }

  /** The stream has ended: reports the last event when its blank line is missing. */
  finish(sink: SseSink): void {
    const length = this.#length
    if (length === 0) return
    const tail = this.#tail
    this.#release()
    sink.event(tail, 0, length, false)
  }

  #emit(bytes: Buffer, start: number, next: number, firstLine: number, sink: SseSink): void {
    if (next - start > this.#limit) throw tooLong(this.#limit)
    const plain =
      firstLine + 2 === next &&
      bytes[firstLine] === LF &&
      bytes[next - 1] === LF &&
      isData(bytes, start, firstLine)
    sink.event(bytes, start, next, plain)
  }

  #emitTail(bytes: Buffer, next: number, firstLine: number, sink: SseSink): void {
    this.#keep(bytes, 0, next)
    const tail = this.#tail
    const length = this.#length
    // A new buffer for the next event: the sink may still be writing this one.
    this.#release()
    this.#emit(tail, 0, length, firstLine, sink)
  }

  #release(): void {
    this.#tail = NOTHING
    this.#length = 0
  }

  /** Appends to the unfinished event. The buffer doubles, so an event in a thousand pieces is still copied twice at most. */
  #keep(bytes: Buffer, start: number, until: number): void {
    const length = this.#length + until - start
    if (length > this.#limit) throw tooLong(this.#limit)
    if (length > this.#tail.length) {
      const larger = Buffer.allocUnsafe(Math.max(512, length * 2))
      this.#tail.copy(larger, 0, 0, this.#length)
      this.#tail = larger
    }
    bytes.copy(this.#tail, this.#length, start, until)
    this.#length = length
  }

  /** Waits for three bytes, unless it is clear earlier that there is no byte order mark; then removes it. */
  #begin(chunk: Buffer): Buffer {
    const bytes = this.#length === 0 ? chunk : Buffer.concat([this.#tail.subarray(0, this.#length), chunk])
    let mark = 0
    while (mark < 3 && mark < bytes.length && bytes[mark] === BOM[mark]) mark++
    this.#release()
    if (mark < 3 && mark === bytes.length) {
      this.#keep(bytes, 0, mark)
      return NOTHING
    }
    this.#begun = true
    return mark === 3 ? bytes.subarray(3) : bytes
  }
}

/**
 * The fields of one event that is not plain. `undefined` when there is nothing to dispatch: comments only, no `data`
 * line, or empty data. Several `data` lines are joined with `\n`; `id` and `retry` mean nothing to us.
 */
export function parseEvent(buffer: Buffer, start: number, end: number): SseEvent | undefined {
  const text = buffer.toString('utf8', start, end)
  let event: string | undefined
  let data: string | undefined
  for (const line of text.split(text.includes('\r') ? /\r\n|\n|\r/ : '\n')) {
    if (line.startsWith('data')) {
      const value = fieldValue(line, 4)
      if (value !== undefined) data = data === undefined ? value : `${data}\n${value}`
    } else if (line.startsWith('event')) event = fieldValue(line, 5) ?? event
  }
  if (data === undefined || data === '') return undefined
  return event === undefined || event === '' ? { data } : { event, data }
}

/** The value behind a field name of `length` characters; `undefined` when the line is about another field. */
function fieldValue(line: string, length: number): string | undefined {
  if (line.length === length) return ''
  if (line[length] !== ':') return undefined
  return line.slice(line[length + 1] === ' ' ? length + 2 : length + 1)
}

/** `start..end` is `data: ` and at least one byte. */
function isData(bytes: Buffer, start: number, end: number): boolean {
  return (
    end > start + 6 &&
    bytes[start] === 0x64 &&
    bytes[start + 1] === 0x61 &&
    bytes[start + 2] === 0x74 &&
    bytes[start + 3] === 0x61 &&
    bytes[start + 4] === 0x3a &&
    bytes[start + 5] === 0x20
  )
}

function orLength(index: number, length: number): number {
  return index === -1 ? length : index
}

function tooLong(limit: number): ProviderFault {
  return new ProviderFault({
    kind: 'bad_response',
    message: `the upstream sent a stream event of more than ${limit} bytes, which is the limit`,
  })
}
