import {
  type BrotliDecompress,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  type Gunzip,
  type Inflate,
} from 'node:zlib'
import type { HeaderMap } from '@llmproxy/provider-kit'
import type { AttemptFault, Receiver, Transfer } from './transfer.ts'

type Decoder = Gunzip | Inflate | BrotliDecompress

/**
 * We ask for `identity`; an upstream that compresses all the same is decoded here, once. A chain of encodings is refused:
 * nobody needs one, and it is a way to burn our CPU.
 */
export function decoderFor(headers: HeaderMap): Decoder | 'identity' | 'refused' {
  const encoding = headers['content-encoding']
  if (encoding === undefined) return 'identity'
  switch (encoding.trim().toLowerCase()) {
    case '':
    case 'identity':
      return 'identity'
    case 'gzip':
    case 'x-gzip':
      return createGunzip()
    case 'deflate':
      return createInflate()
    case 'br':
      return createBrotliDecompress()
    default:
      return 'refused'
  }
}

export const encodingRefused: AttemptFault = {
  kind: 'bad_response',
  message: 'the upstream used a content-encoding that was not asked for',
}

/** An answer of more than these bytes that is so many times its compressed size was made to cost us time: text never is. */
const inflatedFrom = 2 * 1024 * 1024
const inflatedTimes = 200

/** A receiver of compressed bytes, and the tap of the plain ones behind it. */
export interface Decoding {
  readonly receiver: Receiver
  /** Holds the plain bytes back; the upstream is held back by the decoder, when it is full. */
  pause(): void
  resume(): void
  /** Nothing more is wanted. */
  stop(): void
}

/** Puts a decoder in front of a receiver of plain bytes. */
export function decoding(
  decoder: Decoder,
  receiver: Receiver,
  transfer: () => Transfer | undefined,
): Decoding {
  let over = false
  let received = 0
  let inflated = 0
  const stop = () => {
    over = true
    decoder.destroy()
  }
  const fail = (fault: AttemptFault) => {
    if (over) return
    stop()
    receiver.failed(fault)
  }
  decoder.on('data', (chunk: Buffer) => {
    if (over) return
    inflated += chunk.length
    if (inflated > inflatedFrom && inflated > received * inflatedTimes) {
      transfer()?.abort()
      fail({ kind: 'bad_response', message: 'the upstream’s compressed answer grows without measure' })
    } else receiver.data(chunk)
  })
  decoder.on('end', () => {
    if (over) return
    over = true
    receiver.end()
  })
  decoder.on('error', () => {
    transfer()?.abort()
    fail({ kind: 'bad_response', message: 'the upstream’s compressed answer is damaged' })
  })
  decoder.on('drain', () => transfer()?.resume())
  return {
    receiver: {
      start: (status, headers) => receiver.start(status, headers),
      data: (chunk) => {
        received += chunk.length
        if (!over && !decoder.write(chunk)) transfer()?.pause()
      },
      end: () => {
        if (!over) decoder.end()
      },
      failed: fail,
    },
    pause: () => void decoder.pause(),
    resume: () => void decoder.resume(),
    stop,
  }
}
