import type { SseEvent } from '@llmproxy/provider-kit'

/** Turns bytes into events as the WHATWG standard says, with one leniency: `end()` gives an event without its blank line. */
export interface SseParser {
  push(bytes: Uint8Array): SseEvent[]
  end(): SseEvent[]
}

/**
 * The kit's own parser, written apart from the gateway's so that neither can hide a mistake of the other.
 * Reads UTF-8 cut anywhere, LF, CR and CRLF, a byte order mark, comments and several `data:` lines.
 */
export function createSseParser(): SseParser {
  const decoder = new TextDecoder('utf-8')
  const block = createBlock()
  let rest = ''
  let afterReturn = false

  function read(text: string): SseEvent[] {
    const events: SseEvent[] = []
    rest += afterReturn && text.startsWith('\n') ? text.slice(1) : text
    if (text !== '') afterReturn = false
    let from = 0
    for (let at = lineEnd(rest, from); at !== -1; at = lineEnd(rest, from)) {
      const event = block.line(rest.slice(from, at))
      if (event !== undefined) events.push(event)
      from = at + 1
      if (rest[at] === '\r') {
        if (from === rest.length) afterReturn = true
        else if (rest[from] === '\n') from += 1
      }
    }
    rest = rest.slice(from)
    return events
  }

  return {
    push: (bytes) => read(decoder.decode(bytes, { stream: true })),
    end: () => read(`${decoder.decode()}\n\n`),
  }
}

/** All events of one text or body. */
export function parseSse(body: string | Uint8Array): SseEvent[] {
  const parser = createSseParser()
  return [...parser.push(typeof body === 'string' ? Buffer.from(body) : body), ...parser.end()]
}

/** The body cut after each event; what follows the last one (comments) is the last piece. Together they are the body. */
export function sseBlocks(body: Uint8Array): Uint8Array[] {
  const parser = createSseParser()
  const blocks: Uint8Array[] = []
  let from = 0
  for (let at = 0; at < body.length; at += 1) {
    if (parser.push(body.subarray(at, at + 1)).length === 0) continue
    const next = at + 1 < body.length && body[at] === 0x0d && body[at + 1] === 0x0a ? at + 2 : at + 1
    blocks.push(body.subarray(from, next))
    from = next
  }
  if (from < body.length) blocks.push(body.subarray(from))
  return blocks
}

/** The bytes of one event, LF line ends. */
export function formatSse(event: SseEvent): Uint8Array {
  const name = event.event === undefined ? '' : `event: ${event.event}\n`
  const lines = event.data.split('\n').map((line) => `data: ${line}\n`)
  return Buffer.from(`${name}${lines.join('')}\n`)
}

function lineEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === 10 || code === 13) return at
  }
  return -1
}

function createBlock(): { line(text: string): SseEvent | undefined } {
  let name = ''
  let lines: string[] = []

  function dispatch(): SseEvent | undefined {
    const data = lines.join('\n')
    const event = name === '' ? { data } : { event: name, data }
    name = ''
    lines = []
    return data === '' ? undefined : event
  }

  return {
    line(text) {
      if (text === '') return dispatch()
      const colon = text.indexOf(':')
      const field = colon === -1 ? text : text.slice(0, colon)
      const value = colon === -1 ? '' : text.slice(text[colon + 1] === ' ' ? colon + 2 : colon + 1)
      if (field === 'data') lines.push(value)
      if (field === 'event') name = value
      return undefined
    },
  }
}
