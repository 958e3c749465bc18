import { expect, test } from 'vitest'
import { isNeverAsked, neverAskedProblem } from './never-asked.ts'

test.each([
  '169.254.169.254',
  '169.254.0.1',
  '169.254.255.255',
  '0.0.0.0',
  '0.1.2.3',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '::',
  '0:0:0:0:0:0:0:0',
  'fe80::1',
  'febf::1',
  'fe80::1%eth0',
  'FE80::ABCD%2',
  'fd00:ec2::254',
  'fd20:ce::254',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  '0:0:0:0:0:ffff:a9fe:1',
  '::ffff:0.0.0.0',
  '::ffff:100.100.100.200',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b::169.254.0.1',
  '64:ff9b:1::a9fe:a9fe',
  '64:ff9b::100.100.100.200',
  '::ffff:0:169.254.169.254',
  '2002:a9fe:a9fe::1',
  '2002:6464:64c8::',
])('%s is never asked', (address) => {
  expect(isNeverAsked(address)).toBe(true)
})

test.each([
  '127.0.0.1',
  '127.255.0.1',
  '::1',
  '::ffff:127.0.0.1',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  'fd12::1',
  'fd00:ec2::253',
  '169.253.255.255',
  '169.255.0.0',
  '100.100.100.199',
  '1.0.0.0',
  '8.8.8.8',
  'fec0::1',
  '2001:db8::1',
  '64:ff9b::808:808',
  '2002:808:808::1',
  // Names, which are looked up.
  'localhost',
  '169.254.169.254.test',
  '',
])('%s may be asked', (address) => {
  expect(isNeverAsked(address)).toBe(false)
})

test.each([
  ['http://2852039166', true],
  ['http://0xa9fea9fe/', true],
  ['http://0251.0376.0251.0376', true],
  ['http://169.254.43518', true],
  ['http://169.254.169.254.', true],
  ['http://%31%36%39.254.169.254', true],
  ['http://①⑥⑨.254.169.254', true],
  ['http://0', true],
  ['http://127.1', false],
  ['http://2130706433', false],
  ['http://0x7f.1', false],
])('a URL has one way to write an address: %s', (url, never) => {
  expect(isNeverAsked(new URL(url).hostname)).toBe(never)
})

test.each([
  ['http://169.254.169.254/v1', /^169\.254\.169\.254 is a link-local address or a metadata service/],
  ['http://[::ffff:169.254.169.254]/v1', /^::ffff:a9fe:a9fe is a link-local/],
  ['http://[fe80::1]', /^fe80::1 is a link-local/],
  ['http://0.0.0.0:11434', /^0\.0\.0\.0 is where a server listens.*: write 127\.0\.0\.1$/],
  ['http://[::]:8080', /^:: is where a server listens/],
])('the operator is told what is wrong with %s', (url, message) => {
  expect(neverAskedProblem(url)).toMatch(message)
})

test.each(['http://127.0.0.1', 'https://models.test', 'toy://169.254.169.254x', 'no URL'])(
  'nothing is wrong with %s',
  (url) => {
    expect(neverAskedProblem(url)).toBeUndefined()
  },
)
