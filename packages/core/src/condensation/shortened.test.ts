import type { JsonObject } from '@llmproxy/provider-kit'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { conversations } from '../../test/conversations.ts'
import { mapTexts } from './message-texts.ts'
import { shortened } from './shortened.ts'
import { charSizer, type Sizer } from './sizer.ts'
import { messageSizes } from './sizes-of.ts'

const words = (count: number) => 'word '.repeat(count)
const user = (content: unknown): JsonObject => ({ role: 'user', content })
const tool = (content: unknown): JsonObject => ({ role: 'tool', tool_call_id: '1', content })
const sizeOf = (messages: readonly JsonObject[]) =>
  messageSizes(messages, charSizer).reduce((all, size) => all + size, 0)
const cut = (messages: readonly JsonObject[], most: number) => shortened(messages, most, charSizer)

describe('shortened messages', () => {
  test('are the same objects where they fit', () => {
    const messages = [user(words(100)), tool(words(100))]
    expect(cut(messages, sizeOf(messages))).toBe(messages)
  })

  test('lose the longest texts first, all down to the same length', () => {
    const messages = [tool(words(4_000)), tool(words(300)), tool(words(2_000))]
    const list = cut(messages, 2_000)
    expect(list[1]).toBe(messages[1])
    const sizes = messageSizes(list, charSizer)
    expect(Math.abs(sizes[0]! - sizes[2]!)).toBeLessThan(20)
    expect(sizeOf(list)).toBeGreaterThan(1_980)
    expect(sizeOf(list)).toBeLessThanOrEqual(2_000)
  })

  test('lose results before what the model said, and that before what the user said', () => {
    const messages = [user(words(800)), { role: 'assistant', content: words(800) }, tool(words(800))]
    const at = (most: number) => cut(messages, most).map((message, index) => message === messages[index])
    expect(at(2_400)).toEqual([true, true, false])
    expect(at(1_600)).toEqual([true, false, false])
    expect(at(900)).toEqual([false, false, false])
  })

  test('keep something of each text while there is more in others, then nothing but the marks', () => {
    const messages = [user(words(3_000)), tool(words(3_000))]
    const [said, found] = messageSizes(cut(messages, 1_000), charSizer)
    expect(found).toBeGreaterThan(254)
    expect(said).toBeGreaterThan(720)
    expect(cut(messages, 0)).toEqual([
      user('[… 15000 characters left out …]'),
      tool('[… 15000 characters left out …]'),
    ])
  })

  test('lose of the input of a call that is text', () => {
    const custom = { name: 'patch', input: words(2_000) }
    const call = { role: 'assistant', content: null, tool_calls: [{ id: '1', type: 'custom', custom }] }
    const [made] = cut([call], 500)
    const input = expect.stringMatching(/^word .*\n\[… \d+ characters left out …\]\n.*word $/) as string
    expect(made).toEqual({ ...call, tool_calls: [{ id: '1', type: 'custom', custom: { ...custom, input } }] })
    expect(sizeOf([made!])).toBeLessThanOrEqual(500)
  })

  test('keep the arguments of calls JSON, with what is no text as it was', () => {
    const call = (args: string) => ({
      role: 'assistant',
      content: null,
      tool_calls: [{ id: '1', type: 'function', function: { name: 'write', arguments: args } }],
    })
    const [made] = cut(
      [call(JSON.stringify({ path: 'a.ts', lines: [words(2_000)], n: 1 }))],
      500,
    ) as unknown as readonly Made[]
    const args: unknown = JSON.parse(made!.tool_calls[0]!.function.arguments)
    expect(args).toEqual({ path: 'a.ts', lines: [expect.stringContaining('characters left out')], n: 1 })
    expect(made!.tool_calls[0]).toMatchObject({ id: '1', function: { name: 'write' } })
    const broken = call(`{"path": "${words(2_000)}`)
    expect(cut([broken], 500)).toEqual([broken])
    const deep = call('['.repeat(50_000) + ']'.repeat(50_000))
    expect(cut([deep], 500)).toEqual([deep])
  })

  test('lose reasoning, and arguments in the form before tools; short arguments stay byte for byte', () => {
    const odd = { id: '2', type: 'function', function: { name: 'f', arguments: '{ "n": 1.0, "s": "x" }' } }
    const long = (name: string) => ({ name, arguments: JSON.stringify([words(2_000)]) })
    const messages = [
      { role: 'assistant', content: null, reasoning_content: words(2_000), function_call: long('old') },
      { role: 'assistant', tool_calls: [{ id: '1', type: 'function', function: long('new') }, odd] },
    ]
    const list = cut(messages, 1_000)
    expect(sizeOf(list)).toBeLessThanOrEqual(1_000)
    const part: unknown = expect.stringContaining('characters left out')
    const args = (name: string) => ({ name, arguments: part })
    expect(list).toEqual([
      { role: 'assistant', content: null, reasoning_content: part, function_call: args('old') },
      { role: 'assistant', tool_calls: [{ id: '1', type: 'function', function: args('new') }, odd] },
    ])
  })

  test('are cut once more where sizes do not add up, and say what is missing altogether', () => {
    const uneven: Sizer = { tokens: (text) => text.length / (text.startsWith('{') ? 8 : 4), exact: true }
    const call = { id: '1', function: { name: 'f', arguments: JSON.stringify({ a: 'x'.repeat(8_000) }) } }
    const list = shortened([{ role: 'assistant', tool_calls: [call] }], 600, uneven)
    expect(messageSizes(list, uneven)[0]).toBeLessThanOrEqual(600)
    expect(messageSizes(list, uneven)[0]).toBeGreaterThan(500)
    const [made] = list as unknown as readonly Made[]
    const { a } = JSON.parse(made!.tool_calls[0]!.function.arguments) as { a: string }
    const [, count] = /^x+\n\[… (\d+) characters left out …\]\nx+$/.exec(a) ?? []
    expect(Number(count)).toBe(8_000 - a.replaceAll(/[^x]/g, '').length)
  })

  test('lose text parts, and keep images', () => {
    const image = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } }
    const [message] = cut([user([{ type: 'text', text: words(2_000) }, image])], 1_200)
    const text: unknown = expect.stringContaining('characters left out')
    expect(message).toEqual(user([{ type: 'text', text }, image]))
  })

  test('reach what they are to have whenever that can be', () => {
    let reached = 0
    const share = fc.double({ min: 0.3, max: 1, noNaN: true })
    fc.assert(
      fc.property(conversations, share, (messages, part) => {
        const most = Math.floor(sizeOf(messages) * part)
        const list = cut(messages, most)
        expect(list).toHaveLength(messages.length)
        const isReached = sizeOf(list) <= most
        reached += isReached ? 1 : 0
        expect(isReached || list.flatMap(textsOf).every(isLeast)).toBe(true)
      }),
      { numRuns: 150 },
    )
    expect(reached).toBeGreaterThan(20)
  })
})

interface Made {
  readonly tool_calls: readonly { readonly function: { readonly arguments: string } }[]
}

function textsOf(message: JsonObject): readonly string[] {
  const texts: string[] = []
  mapTexts(message, (text) => {
    texts.push(text)
    return text
  })
  return texts
}

/** A mark, or a text that is no longer than its mark would be. */
function isLeast(text: string): boolean {
  return /^\[… \d+ characters left out …\]$/.test(text) || charSizer.tokens(text) <= 9
}
