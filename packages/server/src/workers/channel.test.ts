import { expect, test } from 'vitest'
import { Channel, type Port } from './channel.ts'

/** Two ends that deliver as processes do: later, and as JSON. */
function pair(): readonly [Channel, Channel] {
  const listeners: ((message: unknown) => void)[] = []
  const port = (own: number): Port => ({
    send: (message) => {
      const text = JSON.stringify(message)
      setImmediate(() => listeners[1 - own]!(JSON.parse(text)))
    },
    onMessage: (listener) => void (listeners[own] = listener),
  })
  return [new Channel(port(0)), new Channel(port(1))]
}

test('questions are answered, each with its own answer, whoever answers first', async () => {
  const [left, right] = pair()
  right.on('double', async (number: number) => {
    if (number === 1) await new Promise((resolve) => void setTimeout(resolve, 20))
    return number * 2
  })
  const answers = await Promise.all([left.ask('double', 1, 1000), left.ask('double', 2, 1000)])
  expect(answers).toEqual([2, 4])
})

test('both ends may ask at the same time', async () => {
  const [left, right] = pair()
  left.on('who', () => 'left')
  right.on('who', () => 'right')
  expect(await Promise.all([left.ask('who', null, 1000), right.ask('who', null, 1000)])).toEqual([
    'right',
    'left',
  ])
})

test('what is told reaches the listener of its kind only', async () => {
  const [left, right] = pair()
  const heard: unknown[] = []
  right.on('news', (body) => void heard.push(body))
  left.tell('other', 1)
  left.tell('news', { a: 1 })
  await expect.poll(() => heard).toEqual([{ a: 1 }])
})

test('an end that is silent, gone or closed answers `undefined`; nothing throws', async () => {
  const [left] = pair()
  expect(await left.ask('nobody listens', null, 10)).toBeUndefined()
  const gone = new Channel({
    send: () => {
      throw new Error('ERR_IPC_CHANNEL_CLOSED')
    },
    onMessage: () => undefined,
  })
  gone.tell('anything')
  expect(await gone.ask('anything', null, 60_000)).toBeUndefined()
  const waiting = left.ask('nobody listens', null, 60_000)
  left.close()
  expect(await waiting).toBeUndefined()
})

test('messages of others on the same pipe are left alone', async () => {
  let deliver: (message: unknown) => void = () => undefined
  const channel = new Channel({ send: () => undefined, onMessage: (listener) => void (deliver = listener) })
  channel.on('kind', () => 'answer')
  for (const message of [
    null,
    'text',
    1,
    {},
    { kind: 1 },
    { kind: 'unknown', ask: 1 },
    { kind: 'x', answer: 9 },
  ])
    expect(() => deliver(message)).not.toThrow()
})
