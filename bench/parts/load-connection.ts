import { connect, type Socket } from 'node:net'

export interface Answer {
  /** `undefined`: as expected. */
  readonly failure: string | undefined
  readonly firstByteMs: number
}

export interface ConnectionOptions {
  readonly port: number
  readonly request: Buffer
  readonly stream: boolean
  readonly leastBytes: number
}

const endOfHead = '\r\n\r\n'
const endOfChunks = '\r\n0\r\n\r\n'
const tailLength = 64
// A proxy may cut its chunks anywhere, in the middle of the last event too.
const chunkBorder = /\r\n[0-9a-f]+\r\n/gi

/**
 * One keep-alive HTTP/1.1 connection that sends the same request again and again. It reads no more of the answers than their
 * length, so that the load takes as little as possible of the processors that it shares with what is measured.
 */
export class LoadConnection {
  reads = 0
  readonly #options: ConnectionOptions
  readonly #answered: (answer: Answer) => void
  #socket: Socket | undefined
  #head = ''
  #inBody = false
  #status = ''
  /** Bytes that are still to come; `undefined`: chunked. */
  #left: number | undefined
  #bytes = 0
  #tail = ''
  #sentAt = 0
  #firstByteAt = 0

  constructor(options: ConnectionOptions, answered: (answer: Answer) => void) {
    this.#options = options
    this.#answered = answered
  }

  send(): void {
    this.#head = ''
    this.#inBody = false
    this.#bytes = 0
    this.#tail = ''
    this.#firstByteAt = 0
    const socket = (this.#socket ??= this.#open())
    this.#sentAt = performance.now()
    socket.write(this.#options.request)
  }

  close(): void {
    this.#socket?.removeAllListeners('close')
    this.#socket?.destroy()
  }

  #open(): Socket {
    const socket = connect({ port: this.#options.port, host: '127.0.0.1', noDelay: true })
    socket.on('data', (chunk) => this.#read(chunk as Buffer))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#socket = undefined
      this.#finish('connection closed')
    })
    return socket
  }

  #read(chunk: Buffer): void {
    this.reads++
    if (this.#inBody) return this.#body(chunk)
    this.#head += chunk.toString('latin1')
    const end = this.#head.indexOf(endOfHead)
    if (end === -1) return
    const rest = Buffer.from(this.#head.slice(end + endOfHead.length), 'latin1')
    const head = this.#head.slice(0, end)
    this.#status = head.slice(9, 12)
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
    this.#left = length === undefined ? undefined : Number(length)
    this.#inBody = true
    if (rest.length > 0 || this.#left === 0) this.#body(rest)
  }

  #body(chunk: Buffer): void {
    if (this.#bytes === 0) this.#firstByteAt = performance.now()
    this.#bytes += chunk.length
    if (this.#left !== undefined) {
      this.#left -= chunk.length
      if (this.#left === 0) this.#finish(this.#judge())
      return
    }
    this.#tail =
      chunk.length >= tailLength
        ? chunk.toString('latin1', chunk.length - tailLength)
        : (this.#tail + chunk.toString('latin1')).slice(-tailLength)
    if (this.#tail.endsWith(endOfChunks)) this.#finish(this.#judge())
  }

  #judge(): string | undefined {
    if (this.#status !== '200') return `status ${this.#status}`
    if (this.#bytes < this.#options.leastBytes) return 'too few bytes'
    if (this.#options.stream && !this.#tail.replaceAll(chunkBorder, '').includes('[DONE]')) return 'no [DONE]'
    return undefined
  }

  #finish(failure: string | undefined): void {
    this.#answered({ failure, firstByteMs: this.#firstByteAt - this.#sentAt })
  }
}
