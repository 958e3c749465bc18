import { type FailedResponse, type Provider, redactKeys } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { vendors } from '../vendors/support/vendors.ts'

/** As much of a failure as is read. */
const size = 65_536

/** Texts for which one pattern or another would look again and again at the same place. */
const repeated = [
  'a',
  '1',
  ' ',
  '*',
  '.',
  '-',
  '_',
  '<',
  '&',
  '"',
  '\\',
  '\n',
  '\0',
  '[',
  '(',
  '\ud800',
  '😀',
  'a*',
  'a1_',
  'sk-',
  'bearer ',
  'api key: ',
  'api key   ',
  'eyJaaaaaaaaa.',
  'aa...',
  '1,',
  '1 tokens ',
  '%2a',
  '<a ',
  '<script>',
  '<!--',
  '&#x',
  '{"a":',
  'http://a.b/',
  'Please ',
  'request id: ',
  'prompt is too long: ',
  'maximum context length is ',
  'maximum context length is 1111 tokens ',
  'input length exceeds ',
  'try again in ',
  'try again in 1s ',
  'retry after 1',
  `ab_${'a'.repeat(400)} `,
  `${'a.'.repeat(250)} `,
  `${'a'.repeat(512)} `,
  `${'a'.repeat(400)}* `,
]
const texts = repeated.map((part) => part.repeat(Math.ceil(size / part.length)).slice(0, size))

const wraps: readonly ((text: string) => unknown)[] = [
  () => undefined,
  (text) => ({ error: { message: text, type: text, code: text, param: text, status: text } }),
  (text) => ({ error: { message: JSON.stringify({ error: { message: text } }) } }),
  (text) => ({ message: text, detail: [{ msg: text, loc: [text] }] }),
]

const headersOf = (text: string) => ({ 'retry-after': text, 'content-type': text, 'x-ratelimit-reset': text })

function responsesOf(text: string): FailedResponse[] {
  return wraps.flatMap((wrap) => {
    const body = wrap(text)
    const shown = body === undefined ? text : JSON.stringify(body).slice(0, size)
    return [400, 429].map((status) => ({
      status,
      headers: headersOf(text),
      body,
      text: shown,
      inBand: false,
    }))
  })
}

const responses = texts.flatMap(responsesOf)

/** The fastest of three tries, in milliseconds: the others were disturbed. */
function fastest(act: () => void): number {
  let best = Infinity
  for (let round = 0; round < 3 && best > 20; round++) {
    const from = performance.now()
    act()
    best = Math.min(best, performance.now() - from)
  }
  return best
}

async function providerOf({ plugin, vendor }: (typeof vendors)[number]): Promise<Provider> {
  const checked = await plugin.options['~standard'].validate(vendor.options('http://127.0.0.1:9'))
  if (checked.issues !== undefined) throw new Error(JSON.stringify(checked.issues))
  return plugin.create(checked.value)
}

test.each(vendors.map((each) => [each.vendor.type, each] as const))(
  'no text of a failure holds %s up',
  async (_, each) => {
    const provider = await providerOf(each)
    const slow = responses.flatMap((response) => {
      const milliseconds = fastest(() => void provider.fault?.(response))
      return milliseconds < 100 ? [] : [`${response.text.slice(0, 20)}: ${milliseconds} ms`]
    })
    expect(slow).toEqual([])
  },
)

test('nor does any hold up the search for keys in it', () => {
  const slow = texts.filter((text) => fastest(() => void redactKeys(text)) > 30)
  expect(slow.map((text) => text.slice(0, 20))).toEqual([])
})
