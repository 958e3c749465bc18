import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  completionsOverChat,
  jsonLines,
  openaiCompatible,
  type Provider,
  type SseEvent,
} from '@llmproxy/provider-kit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openToy } from './example/broken-toy.ts'
import { toyChat } from './example/toy-chat.ts'
import { frames, framing } from './example/workshop.ts'
import { type RecordedOptions, recordedChecks } from './recorded.ts'

let folder: URL

beforeAll(() => {
  const path = mkdtempSync(join(tmpdir(), 'recorded-'))
  folder = pathToFileURL(`${path}/`)
  const stream = [{ reply: 'Grüße' }, { reply: '!' }, { ended: 'full', tokens: [1, 2] }]
  writeFileSync(join(path, 'text.json'), '{"reply":"Hi","ended":"full","tokens":[1,2]}')
  writeFileSync(join(path, 'text.chunks.txt'), stream.map((event) => JSON.stringify(event)).join('\n'))
  writeFileSync(join(path, 'other.json'), '{"unknown":true}')
  writeFileSync(join(path, 'README.md'), 'Where the recordings are from.')
})

afterAll(() => rmSync(folder, { recursive: true }))

function provider(chat: object = {}): Provider {
  return {
    baseUrl: 'http://toy.invalid',
    authorize: () => ({}),
    operations: { chat: { ...toyChat, ...chat } },
  }
}

/** What each check said: nothing, why it is skipped, or what is wrong. */
function outcomes(options: Partial<RecordedOptions>): Record<string, string> {
  const operationOf = (file: string) => (file === 'other.json' ? undefined : ('chat' as const))
  const checks = recordedChecks({
    folder,
    provider: provider(),
    model: 'm',
    operationOf,
    endings: [''],
    ...options,
  })
  return Object.fromEntries(
    checks.map(({ name, run, skipped }) => {
      const file = /answer (\S+) is read/.exec(name)?.[1] ?? name
      if (skipped !== undefined) return [file, `skipped: ${skipped}`]
      try {
        run()
        return [file, 'fine']
      } catch (error) {
        return [file, (error as Error).message]
      }
    }),
  )
}

const skipped = 'skipped: other.json is not an answer of this API'

test('recordings are read, and what is no answer is skipped with the reason', () => {
  expect(outcomes({})).toEqual({
    'README.md': 'skipped: README.md is neither *.json nor *.chunks.txt',
    'other.json': skipped,
    'text.chunks.txt': 'fine',
    'text.json': 'fine',
  })
})

test('without recordings there is one check, skipped', () => {
  const checks = recordedChecks({ folder: new URL('nowhere/', folder), provider: provider(), model: 'm' })
  expect(checks.map((check) => check.skipped)).toEqual([
    `there are no recordings of vendor answers in ${new URL('nowhere/', folder).pathname}`,
  ])
})

test('streams may be framed in another way', () => {
  const block = (line: string) => frames(JSON.parse(line) as object)
  expect(outcomes({ provider: provider({ framing }), block })['text.chunks.txt']).toBe('fine')
})

test('an operation with a framing of its own is read line by line', () => {
  const lines = provider({ framing: jsonLines })
  const checks = recordedChecks({ folder, provider: lines, model: 'm' })
  const stream = checks.find(({ name }) => name.includes('text.chunks.txt'))
  expect(stream?.skipped).toBeUndefined()
  expect(() => stream?.run()).not.toThrow()
})

test('a stream is read by the operation that it answers', () => {
  const relay: Provider = {
    ...provider(),
    operations: { ...provider().operations, completions: completionsOverChat(toyChat) },
  }
  expect(outcomes({ provider: relay, operationOf: () => 'completions' })['text.chunks.txt']).toBe('fine')
})

test('a relaying provider is read as its clients read it', () => {
  const relay = openaiCompatible({ baseUrl: 'http://relay.invalid' })
  const found = outcomes({ provider: relay, operationOf: () => 'chat' })
  expect(found['other.json']).toContain('$.id: expected a string')
  expect(found['text.chunks.txt']).toContain('chunk 0: $.id')
})

describe('it is told when', () => {
  const broken = (change: (event: SseEvent, chunks: readonly object[]) => readonly object[]): Provider =>
    provider({
      stream: (call: never) => {
        const own = openToy(call)
        return { ...own, event: (event: SseEvent) => change(event, own.event(event)) }
      },
    })

  test('chunks are not what clients expect', () => {
    const twice = broken((_, chunks) => [...chunks, ...chunks])
    expect(outcomes({ provider: twice })['text.chunks.txt']).toContain('2 finish reasons instead of one')
  })

  test('an ending changes the answer', () => {
    // The toy vendor has no such mark.
    expect(outcomes({ endings: ['', 'data: [DONE]\n\n'] })['text.chunks.txt']).toBe(
      'toy vendor: the answer is not an object',
    )
    const endings = ['', 'data: {"ended":"limit"}\n\n']
    expect(outcomes({ endings })['text.chunks.txt']).toBe('fine')
    let held: readonly object[] = []
    const more = broken((event, chunks) => {
      if (event.data.includes('limit')) return held
      held = chunks.slice(1)
      return chunks.slice(0, 1)
    })
    expect(outcomes({ provider: more, endings })['text.chunks.txt']).toContain('other chunks with the ending')
  })

  test('bytes that are cut are read otherwise', () => {
    const impatient = (limits: { eventBytes: number }) => ({
      ...framing(limits),
      push: (bytes: Uint8Array) => framing(limits).push(bytes),
    })
    const block = (line: string) => frames(JSON.parse(line) as object)
    const found = outcomes({ provider: provider({ framing: impatient }), block })
    expect(found['text.chunks.txt']).toContain('other events one byte at a time')
  })

  test('a whole answer is not what clients expect', () => {
    const silent = provider({ response: () => ({ choices: [] }) })
    expect(outcomes({ provider: silent })['text.json']).toContain('$.choices: expected at least 1, found 0')
  })
})
