import { expect, test } from 'vitest'
import { type ReplayUpstream, startReplayUpstream } from './replay-upstream.ts'

async function withUpstream(use: (upstream: ReplayUpstream) => Promise<void>): Promise<void> {
  const upstream = await startReplayUpstream()
  try {
    await use(upstream)
  } finally {
    await upstream.close()
  }
}

test('answers with the script and records the request', () =>
  withUpstream(async (upstream) => {
    upstream.play({ status: 418, headers: { 'x-a': '1' }, writes: [Buffer.from('a'), Buffer.from('b')] })
    const answer = await fetch(`${upstream.url}/v1/x?y=1`, {
      method: 'POST',
      body: '{"q":1}',
      headers: { 'x-b': '2' },
    })
    expect([answer.status, answer.headers.get('x-a'), await answer.text()]).toEqual([418, '1', 'ab'])
    expect(upstream.requests).toMatchObject([
      { method: 'POST', path: '/v1/x?y=1', body: '{"q":1}', headers: { 'x-b': '2' } },
    ])
    upstream.play({ writes: [] })
    expect(upstream.requests).toEqual([])
  }))

test('a cut body arrives as a broken one', () =>
  withUpstream(async (upstream) => {
    upstream.play({ writes: [Buffer.from('half')], ending: 'cut' })
    const answer = await fetch(upstream.url, { method: 'POST' })
    await expect(answer.text()).rejects.toThrow()
  }))

test('health checks are answered and not recorded', () =>
  withUpstream(async (upstream) => {
    const answer = await fetch(`${upstream.url}/models`)
    expect(await answer.json()).toEqual({ object: 'list', data: [] })
    expect(upstream.requests).toEqual([])
  }))
