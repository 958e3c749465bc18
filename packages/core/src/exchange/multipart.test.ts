import { expect, test } from 'vitest'
import { multipart } from './multipart.ts'

test('fields and files are read back as they were written', async () => {
  const bytes = Uint8Array.from([0, 13, 10, 45, 45, 255])
  const form = multipart(
    { prompt: 'Grüße\r\n--', file: { filename: 'a"b.png', mediaType: 'image/png', bytes } },
    'edge',
  )
  const read = await new Response(new Uint8Array(form.bytes), {
    headers: { 'content-type': form.contentType },
  }).formData()
  expect(read.get('prompt')).toBe('Grüße\r\n--')
  const file = read.get('file') as File
  expect([file.name, file.type]).toEqual(['a"b.png', 'image/png'])
  expect(new Uint8Array(await file.arrayBuffer())).toEqual(bytes)
})

test('names and media types cannot add headers or end one', () => {
  const file = { filename: 'a\r\nX-Evil: 1', mediaType: 'image/png\r\nX-Evil: 1', bytes: new Uint8Array() }
  const text = multipart({ 'na"me\r\n': file }, 'edge').bytes.toString()
  expect(text).not.toMatch(/^X-Evil/m)
  expect(text).toContain('name="na%22me%0D%0A"')
})
