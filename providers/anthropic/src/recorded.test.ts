import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { ChatChunk } from '@llmproxy/provider-kit'
import { chunkSequenceProblems, createSseParser, wireProblems } from '@llmproxy/provider-kit/testing'
import { expect, test } from 'vitest'
import { answered, sampleCall } from '../testing/subject.ts'
import { messageDecoder } from './stream.ts'

const folder = new URL('../../../../shared/recorded/anthropic/', import.meta.url)
const files = existsSync(folder) ? readdirSync(folder) : []
if (files.length === 0) console.log('skipped: there are no recordings of vendor answers beside the checkout')

// Always one test: a file without any counts as a failure.
test.skipIf(files.length === 0)('there are recorded answers and recorded streams', () => {
  expect(files.some((file) => file.endsWith('.json'))).toBe(true)
  expect(files.some((file) => file.endsWith('.chunks.txt'))).toBe(true)
})

const textOf = (file: string): string => readFileSync(new URL(file, folder), 'utf8')

/** The chunks of a stream that arrives in the given pieces. */
function decoded(pieces: readonly Uint8Array[]): ChatChunk[] {
  const parser = createSseParser()
  const decoder = messageDecoder(sampleCall({ stream: true }))
  const events = [...pieces.flatMap((piece) => parser.push(piece)), ...parser.end()]
  return [...events.flatMap((event) => decoder.event(event)), ...(decoder.end?.() ?? [])]
}

test.each(files.filter((file) => file.endsWith('.json')))('the recorded answer %s is translated', (file) => {
  const answer = answered(JSON.parse(textOf(file)))
  expect(wireProblems('chat', answer)).toEqual([])
  expect(answer.usage?.total_tokens).toBeGreaterThan(0)
})

test.each(files.filter((file) => file.endsWith('.chunks.txt')))(
  'the recorded stream %s decodes alike in one write, one per event, and cut at every byte',
  (file) => {
    const lines = textOf(file).split('\n').filter(Boolean)
    const blocks = lines.map(
      (line) => `event: ${(JSON.parse(line) as { type: string }).type}\ndata: ${line}\n\n`,
    )
    const bytes = Buffer.from(blocks.join(''))
    const whole = decoded([bytes])
    expect(chunkSequenceProblems(whole)).toEqual([])
    expect(decoded(blocks.map((block) => Buffer.from(block)))).toEqual(whole)
    for (let cut = 1; cut < bytes.length; cut += 1) {
      expect(decoded([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(whole)
    }
  },
)
