import { expect, test } from 'vitest'
import { dataFrame, doneFrame, errorFrame, keepaliveComment } from './event-format.ts'
import { parseEvent } from './sse.ts'

test('frames read back as what was written', () => {
  const envelope = {
    error: { message: 'line\nbreak', type: 'upstream_error', param: null, code: 'upstream_cut' },
  }
  const read = (text: string | Uint8Array): unknown => {
    const bytes = Buffer.from(text)
    return parseEvent(bytes, 0, bytes.length)
  }
  expect(read(dataFrame('{"a":1}'))).toEqual({ data: '{"a":1}' })
  expect(read(errorFrame(envelope))).toEqual({ data: JSON.stringify(envelope) })
  expect(read(doneFrame)).toEqual({ data: '[DONE]' })
  expect(read(keepaliveComment)).toBeUndefined()
  expect(keepaliveComment.toString()).toBe(': keepalive\n\n')
})
