import { expect, test } from 'vitest'
import { faultOf, type SampleBody, sent } from '../test/subject.ts'

const block = (part: SampleBody): unknown =>
  sent({ messages: [{ role: 'user', content: [part] }] }).body.messages[0]?.content[0]
const image = (url: string): SampleBody => ({ type: 'image_url', image_url: { url } })
const file = (value: SampleBody): SampleBody => ({ type: 'file', file: value })

test.each([
  [
    'data:image/PNG;charset=x;base64,AAAA',
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
  ],
  [
    'data:image/webp;base64,AA,A',
    { type: 'image', source: { type: 'base64', media_type: 'image/webp', data: 'AA,A' } },
  ],
  [
    'data:application/pdf;base64,AAAA',
    { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'AAAA' } },
  ],
  [
    'https://example.com/a.PDF#2',
    { type: 'document', source: { type: 'url', url: 'https://example.com/a.PDF#2' } },
  ],
  [
    'https://example.com/?f=.pdf',
    { type: 'image', source: { type: 'url', url: 'https://example.com/?f=.pdf' } },
  ],
])('image_url %s', (url, expected) => {
  expect(block(image(url))).toEqual(expected)
})

test.each([
  [
    { file_id: 'file_1', filename: 'a.pdf' },
    { type: 'document', source: { type: 'file', file_id: 'file_1' }, title: 'a.pdf' },
  ],
  [{ file_id: 'file_1' }, { type: 'document', source: { type: 'file', file_id: 'file_1' } }],
  [
    { file_id: 'file_1', filename: 'a.JPEG' },
    { type: 'image', source: { type: 'file', file_id: 'file_1' } },
  ],
  [
    { file_data: 'data:text/markdown,%23%20A' },
    { type: 'document', source: { type: 'text', media_type: 'text/plain', data: '# A' } },
  ],
  [
    { file_data: 'data:image/gif;base64,AAAA', filename: 'a' },
    { type: 'image', source: { type: 'base64', media_type: 'image/gif', data: 'AAAA' } },
  ],
])('file %o', (given, expected) => {
  expect(block(file(given))).toEqual(expected)
})

test.each([
  [image('http://example.com/a.png'), 'image_url.url'],
  [image('file:///etc/passwd'), 'image_url.url'],
  [image('data:image/svg+xml;base64,AAAA'), 'image_url.url'],
  [image('data:image/png,AAAA'), 'image_url.url'],
  [image('data:broken'), 'image_url.url'],
  [{ type: 'image_url' }, 'image_url.url'],
  [file({}), 'file'],
  [{ type: 'file' }, 'file'],
  [file({ file_id: 'file-abc' }), 'file.file_id'],
  [file({ file_data: 'AAAA' }), 'file.file_data'],
  [file({ file_data: 'data:application/zip;base64,AAAA' }), 'file.file_data'],
])('%o is refused by its path', (part, path) => {
  expect(faultOf(() => block(part))).toMatchObject({
    kind: 'invalid_request',
    param: `messages[0].content[0].${path}`,
  })
})
