import { expect, test } from 'vitest'
import { unreadableReason } from './unreadable.ts'

test.each([
  ['ENOENT', 'there is no such file'],
  ['EISDIR', 'it is a folder'],
  ['EACCES', 'this process may not read it'],
  ['EIO', 'EIO'],
  [undefined, 'unknown reason'],
])('says of %s what to look at', (code, words) => {
  expect(unreadableReason(code)).toBe(words)
})
