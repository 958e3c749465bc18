import { setTimeout as sleep } from 'node:timers/promises'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { expect, test, vi } from 'vitest'
import { type Decoding, decoderFor, decoding } from './decode.ts'
import type { Transfer } from './transfer.ts'

const text = 'data: hello\n\n'.repeat(1_000)

function open(encoding: string) {
  const heard = { text: '', bytes: 0, ended: 0, faults: [] as string[], transfer: [] as string[] }
  const decoder = decoderFor({ 'content-encoding': encoding })
  if (typeof decoder === 'string') throw new Error(decoder)
  const note = (what: string) => () => void heard.transfer.push(what)
  const transfer: Transfer = { pause: note('pause'), resume: note('resume'), abort: note('abort') }
  const decoded: Decoding = decoding(
    decoder,
    {
      start: () => undefined,
      data: (chunk) => {
        heard.bytes += chunk.length
        if (heard.bytes < 100_000) heard.text += chunk.toString()
      },
      end: () => void heard.ended++,
      failed: ({ kind }) => void heard.faults.push(kind),
    },
    () => transfer,
  )
  return { decoder, decoded, heard }
}

test.each([
  ['gzip', gzipSync(text)],
  ['X-GZIP', gzipSync(text)],
  ['deflate', deflateSync(text)],
  [' br ', brotliCompressSync(text)],
])('%s is read in pieces of any size', async (encoding, bytes) => {
  const { decoded, heard } = open(encoding)
  for (let at = 0; at < bytes.length; at += 7) decoded.receiver.data(bytes.subarray(at, at + 7))
  decoded.receiver.end()
  await vi.waitFor(() => expect(heard.ended).toBe(1))
  expect([heard.text, heard.faults]).toEqual([text, []])
})

test.each([
  ['none', {}, 'identity'],
  ['identity', { 'content-encoding': 'identity' }, 'identity'],
  ['an empty one', { 'content-encoding': '' }, 'identity'],
  ['an unknown one', { 'content-encoding': 'zstd' }, 'refused'],
  ['a chain', { 'content-encoding': 'gzip, gzip' }, 'refused'],
])('%s: %j is %s', (_name, headers, expected) => {
  expect(decoderFor(headers as Record<string, string>)).toBe(expected)
})

test.each([
  ['cut', gzipSync(text).subarray(0, 30)],
  ['damaged', Buffer.from('this is not gzip')],
])('compressed bytes that are %s are one bad response, and the upstream is let go', async (_name, bytes) => {
  const { decoded, heard } = open('gzip')
  decoded.receiver.data(bytes)
  decoded.receiver.end()
  await vi.waitFor(() => expect(heard.faults).toEqual(['bad_response']))
  decoded.receiver.failed({ kind: 'network', message: 'late' })
  await sleep(5)
  expect([heard.faults, heard.ended, heard.transfer]).toEqual([['bad_response'], 0, ['abort']])
})

test('a reader that pauses holds back the upstream, not megabytes of plain text', async () => {
  const plain = Buffer.from(Array.from({ length: 300_000 }, (_, line) => `data: ${line * 7919}\n`).join(''))
  const bytes = gzipSync(plain)
  const { decoded, heard } = open('gzip')
  decoded.pause()
  for (let at = 0; at < bytes.length; at += 4_096) decoded.receiver.data(bytes.subarray(at, at + 4_096))
  decoded.receiver.end()
  await sleep(20)
  expect(heard.bytes).toBe(0)
  expect(heard.transfer).toContain('pause')
  decoded.resume()
  await vi.waitFor(() => expect(heard.ended).toBe(1), { timeout: 5_000 })
  expect(heard.bytes).toBe(plain.length)
})

test('nothing is heard after stop(), and the decoder is destroyed', async () => {
  const { decoder, decoded, heard } = open('gzip')
  decoded.receiver.data(gzipSync(text))
  decoded.stop()
  decoded.receiver.data(gzipSync(text))
  decoded.receiver.end()
  decoded.receiver.failed({ kind: 'network', message: 'late' })
  await sleep(5)
  expect(decoder.destroyed).toBe(true)
  expect([heard.bytes, heard.ended, heard.faults]).toEqual([0, 0, []])
})
