import { Secret } from '@llmproxy/provider-kit'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeValue } from './describe-value.ts'
import { editDistance, nearest } from './nearest.ts'
import { scrubber } from './scrubber.ts'
import {
  collectSecrets,
  isSampleKey,
  isSecretName,
  revealSecrets,
  sampleKeys,
  wrapSecrets,
} from './secrets.ts'

describe('isSampleKey', () => {
  it('knows the keys of documentation and placeholders, and no others', () => {
    for (const key of [
      ...sampleKeys,
      'Your-API-Key-Here',
      ' sk-1234 ',
      '<your key>',
      'xxxxxxxx',
      'sk-XXXX',
      '****',
    ]) {
      expect(isSampleKey(key)).toBe(true)
    }
    for (const key of ['sk-4f9a8b7c', 'team-a-production', 'x-y']) expect(isSampleKey(key)).toBe(false)
  })
})

describe('isSecretName', () => {
  it('knows secrets by the end of their name', () => {
    for (const name of [
      'api_key',
      'API-Key',
      'x-api-key',
      'token',
      'client_secret',
      'password',
      'Authorization',
      'api_keys',
    ]) {
      expect(isSecretName(name)).toBe(true)
    }
    for (const name of [
      'api_key_env',
      'api_key_header',
      'max_tokens_field',
      'monkey',
      'base_url',
      'tokenizer',
    ]) {
      expect(isSecretName(name)).toBe(false)
    }
  })
})

describe('wrapSecrets', () => {
  it('wraps below secret names and is undone by revealSecrets', () => {
    const value = {
      api_key: 'a',
      region: 'b',
      oauth: { client_secret: 'c', scopes: ['d'] },
      tokens: ['e'],
      token: '',
    }
    const wrapped = wrapSecrets(value)
    expect(JSON.stringify(wrapped)).toBe(
      '{"api_key":"[redacted]","region":"b","oauth":{"client_secret":"[redacted]","scopes":["d"]},"tokens":["[redacted]"],"token":""}',
    )
    expect(revealSecrets(wrapped)).toEqual(value)
    expect(collectSecrets(value)).toEqual(['a', 'c', 'e'])
    expect(collectSecrets(wrapped)).toEqual(['a', 'c', 'e'])
  })

  it('knows a credential without its scheme as well', () => {
    expect(collectSecrets({ authorization: new Secret('Bearer abc') })).toEqual(['Bearer abc', 'abc'])
  })
})

describe('scrubber', () => {
  it('replaces configured values in every written form, the longest first', () => {
    const scrub = scrubber(['key-12345', 'key-12345-long', 'a"b/c d+e', '$&.*(['])
    expect(scrub('key-12345-long, key-12345, key-1234')).toBe('[redacted], [redacted], key-1234')
    expect(scrub(JSON.stringify({ k: 'a"b/c d+e' }))).toBe('{"k":"[redacted]"}')
    expect(scrub(`?k=${encodeURIComponent('a"b/c d+e')}`)).toBe('?k=[redacted]')
    expect(scrub('?k=a%22b%2fc%20d%2be')).toBe('?k=[redacted]')
    expect(scrub(String.raw`{"k":"a\"b\/c d+e"}`)).toBe('{"k":"[redacted]"}')
    expect(scrub('x$&.*([x')).toBe('x[redacted]x')
  })

  it('leaves short values and other texts alone', () => {
    expect(scrubber(['short', ''])('short')).toBe('short')
    expect(scrubber([])('anything')).toBe('anything')
  })

  it('never lets a secret through', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6 }), fc.string(), fc.string(), (secret, before, after) => {
        fc.pre(!secret.includes('\0'))
        const scrubbed = scrubber([secret])(`${before}${secret}${after}`)
        // The marker itself must not count when it happens to spell the secret together with its surroundings.
        expect(scrubbed.replaceAll('[redacted]', '\0')).not.toContain(secret)
      }),
    )
  })
})

describe('describeValue', () => {
  it.each([
    [undefined, 'nothing'],
    [null, 'nothing'],
    ['', 'empty text'],
    ['abc', 'text "abc"'],
    [5, 'number 5'],
    [true, 'boolean true'],
    [[1], 'a list'],
    [[], 'an empty list'],
    [Number.POSITIVE_INFINITY, 'an endless number'],
    [Number.NaN, 'what is not a number (`.nan`)'],
    [{}, 'a mapping'],
    ['Bearer abc', 'text (not shown)'],
    ['sk-abcdefghijkl', 'text (not shown)'],
    ['https://user:pass@host', 'text (not shown)'],
    ['https://host/?key=abc', 'text (not shown)'],
    ['0123456789abcdef0123456789abcdef', 'text (not shown)'],
    ['word '.repeat(20), `text "${'word '.repeat(12)}…"`],
  ])('says what %o is', (value, words) => {
    expect(describeValue(value)).toBe(words)
  })
})

describe('nearest', () => {
  it('finds what was meant, and nothing when nothing is near', () => {
    const keys = ['priority', 'port', 'base_url', 'api_key']
    expect(nearest('prioritty', keys)).toBe('priority')
    expect(nearest('prot', keys)).toBe('port')
    expect(nearest('baseUrl', keys)).toBe('base_url')
    expect(nearest('API-KEY', keys)).toBe('api_key')
    expect(nearest('zebra', keys)).toBeUndefined()
  })

  it('measures symmetrically, from zero for equals', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a))
        expect(editDistance(a, a)).toBe(0)
      }),
    )
  })
})
