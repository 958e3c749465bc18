import { expect, test } from 'vitest'
import { readPause } from './read-pause.ts'

const pause = { provider: 'p', model: 'm', entry: 'm-*', cause: 'cooldown', forMs: 1.5 }

test.each([
  ['a pause', pause, pause],
  ['a guessed one', { ...pause, guessed: true }, { ...pause, guessed: true }],
  ['that of one key', { ...pause, cause: 'key', key: 'A#1' }, { ...pause, cause: 'key', key: 'A#1' }],
  ['one with a key that is no text', { ...pause, key: 5 }, undefined],
  ['one with members of a later version', { ...pause, colour: 'red' }, pause],
  ['one without a model', { ...pause, model: undefined }, undefined],
  ['another cause', { ...pause, cause: 'whim' }, undefined],
  ['no duration', { ...pause, forMs: 0 }, undefined],
  ['a duration that is text', { ...pause, forMs: '5' }, undefined],
  ['a name without an end', { ...pause, provider: 'p'.repeat(513) }, undefined],
  ['a list', [pause], undefined],
  ['null', null, undefined],
])('%s', (_what, value, read) => {
  expect(readPause(JSON.stringify(value))).toEqual(read)
})

test.each(['', 'ping', '{', `{"provider":"${'p'.repeat(9_000)}"`, '{"__proto__":{"provider":"p"}}'])(
  'text that is no pause: %.20s',
  (text) => {
    expect(readPause(text)).toBeUndefined()
  },
)
