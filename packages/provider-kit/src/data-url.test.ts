import { expect, test } from 'vitest'
import { type DataUrl, parseDataUrl } from './data-url.ts'

test.each<[string, DataUrl | undefined]>([
  ['data:image/png;base64,iVBORw==', { mediaType: 'image/png', base64: true, data: 'iVBORw==' }],
  ['DATA:IMAGE/PNG;BASE64,AA==', { mediaType: 'image/png', base64: true, data: 'AA==' }],
  ['data:application/pdf;name=a.pdf;base64,AA', { mediaType: 'application/pdf', base64: true, data: 'AA' }],
  ['data:,hello%20there', { mediaType: 'text/plain', base64: false, data: 'hello there' }],
  ['data:text/html;charset=utf-8,a,b', { mediaType: 'text/html', base64: false, data: 'a,b' }],
  ['data:;base64,AA', { mediaType: 'text/plain', base64: true, data: 'AA' }],
  ['data:text/plain,%E0%A4%A', undefined],
  ['data:image/png;base64', undefined],
  ['https://host.test/a.png', undefined],
  ['', undefined],
])('%s', (url, expected) => {
  expect(parseDataUrl(url)).toEqual(expected)
})
