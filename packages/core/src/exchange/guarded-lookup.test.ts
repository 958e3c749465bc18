import type { LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { expect, test } from 'vitest'
import { guardedLookup, neverAskedCode } from './guarded-lookup.ts'

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
