import { expect, test } from 'vitest'
import { failures } from './example/broken-toy.ts'
import toy from './example/toy-vendor.ts'
import { type FixtureCase, type Fixtures, loadFixtures } from './index.ts'

const fixtures = await loadFixtures(new URL('./example/fixtures/', import.meta.url))

const operations = 'every operation has a fixture, streaming included, and every fixture an operation'
const wholeness = 'every fixture holds a request and what comes of it, and one of them a failed answer'

/** The example's fixtures, each case changed; `undefined` leaves it out. */
function withCases(change: (fixture: FixtureCase) => FixtureCase | undefined): Fixtures {
  return { ...fixtures, cases: fixtures.cases.flatMap((fixture) => change(fixture) ?? []) }
}

function without(fixture: FixtureCase, ...members: readonly (keyof FixtureCase)[]): FixtureCase {
  const kept = Object.entries(fixture).filter(([name]) => !members.includes(name as keyof FixtureCase))
  return Object.fromEntries(kept) as unknown as FixtureCase
}

test('fixtures in which the vendor never answers fail, case by case and operation by operation', async () => {
  const failed = await failures(
    toy,
    withCases((fixture) => (fixture.fault ? fixture : without(fixture, 'upstream'))),
  )
  for (const name of ['stream', 'text']) {
    expect(failed.get(wholeness)).toContain(
      `${name}: neither upstream.response.json, upstream.sse nor fault.json`,
    )
  }
  expect(failed.get(operations)).toContain('chat: no fixture of a whole answer')
  expect(failed.get(operations)).toContain('chat: no fixture of a stream')
})

test('a case without a request fails by name', async () => {
  const empty: FixtureCase = {
    name: 'nothing',
    operation: 'chat',
    options: fixtures.options.valid[0] ?? {},
    model: 'small',
    stream: false,
    headers: {},
    dropped: [],
  }
  const failed = await failures(toy, { ...fixtures, cases: [...fixtures.cases, empty] })
  expect([...failed.keys()]).toEqual([wholeness])
  expect(failed.get(wholeness)).toContain('nothing: request.json is missing')
})

test('a streamed request that is answered with a whole answer is no fixture of a stream', async () => {
  const failed = await failures(
    toy,
    withCases((fixture) =>
      fixture.name === 'stream' && fixture.upstream
        ? { ...fixture, upstream: { ...fixture.upstream, sse: false } }
        : fixture,
    ),
  )
  expect(failed.get(operations)).toContain('chat: no fixture of a stream')
})

test('fixtures without a failed answer fail', async () => {
  const failed = await failures(
    toy,
    withCases((fixture) => (fixture.name === 'rate-limit' ? undefined : fixture)),
  )
  expect([...failed.keys()]).toEqual([wholeness])
  expect(failed.get(wholeness)).toContain('no fixture of a failed answer')
})

test('a failed answer without fault.json fails', async () => {
  const failed = await failures(
    toy,
    withCases((fixture) => (fixture.name === 'rate-limit' ? without(fixture, 'fault') : fixture)),
  )
  expect(failed.get(wholeness)).toContain('rate-limit: the vendor answers 429, and fault.json is missing')
})
