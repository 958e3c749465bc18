import type { LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { expect, test } from 'vitest'
import { guardedLookup, isNeverAsked, neverAskedCode } from './never-asked.ts'

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

const address = (text: string): LookupAddress => ({ address: text, family: text.includes(':') ? 6 : 4 })

function resolved(found: string | LookupAddress[], all: boolean): Promise<unknown> {
  const lookup: LookupFunction = (_name, options, callback) => {
    expect(options).toMatchObject({ all: true, family: 4 })
    if (typeof found === 'string') callback(null, found, 4)
    else callback(null, found)
  }
  return new Promise((resolve, reject) => {
    guardedLookup(lookup)('models.test', { all, family: 4 }, (error, given, family) => {
      if (error !== null) reject(error)
      else resolve(family === undefined ? given : [given, family])
    })
  })
}

test('what is never asked is left out of a name’s addresses, in their order', async () => {
  const found = ['169.254.169.254', '10.0.0.1', 'fe80::1', '10.0.0.2'].map(address)
  expect(await resolved(found, true)).toEqual(['10.0.0.1', '10.0.0.2'].map(address))
  expect(await resolved(found, false)).toEqual(['10.0.0.1', 4])
  expect(await resolved('10.0.0.3', true)).toEqual([address('10.0.0.3')])
  expect(await resolved('10.0.0.3', false)).toEqual(['10.0.0.3', 4])
})

test('a name with no other address is an error that tells none', async () => {
  for (const found of ['169.254.169.254', ['fe80::1', '169.254.169.254'].map(address), []]) {
    const error: unknown = await resolved(found, true).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: neverAskedCode })
    expect(String(error)).not.toContain('169')
  }
})

test('a failed lookup stays the failure that it is', async () => {
  const failed = Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' })
  const lookup: LookupFunction = (_name, _options, callback) => callback(failed, '')
  const told = new Promise((resolve) => guardedLookup(lookup)('models.test', {}, resolve))
  expect(await told).toBe(failed)
})
