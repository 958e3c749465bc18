import { expect, test } from 'vitest'
import { imagePatch } from './image-patch.ts'

function patched(body: object, base64Only: boolean) {
  const dropped: string[] = []
  const call = { body, dropped: (field: string) => void dropped.push(field) }
  return { patch: imagePatch(call as never, { base64Only }), dropped }
}

test('response_format goes where base64 is the only answer, and is reported when it asked for something else', () => {
  expect(patched({ response_format: 'url' }, false)).toEqual({ patch: undefined, dropped: [] })
  expect(patched({}, true)).toEqual({ patch: undefined, dropped: [] })
  for (const [format, dropped] of [
    ['url', ['response_format']],
    ['b64_json', []],
    [null, []],
  ] as const) {
    expect(patched({ response_format: format }, true)).toStrictEqual({
      patch: { response_format: undefined },
      dropped,
    })
  }
})

test('a stream of pictures becomes a whole answer', () => {
  expect(patched({ stream: false }, false).patch).toBeUndefined()
  expect(patched({ stream: true, partial_images: 2 }, false)).toStrictEqual({
    patch: { stream: undefined, partial_images: undefined },
    dropped: ['partial_images'],
  })
})
