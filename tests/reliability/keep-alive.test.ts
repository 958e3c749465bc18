import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { fakeUpstream, healthy, provider, sleep, startProxy, until } from './support.ts'

/** A connection of a load balancer, which sends requests on it whatever the server says of its patience. */
async function kept(url: string) {
  const socket: Socket = connect(Number(new URL(url).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  const state = { text: '', error: undefined as string | undefined, closed: false }
  socket.on('data', (bytes: Buffer) => (state.text += bytes.toString()))
  socket.on('error', (error: NodeJS.ErrnoException) => (state.error = error.code))
  socket.on('close', () => (state.closed = true))
  await once(socket, 'connect')
  return {
    state,
    ask: async (): Promise<string> => {
      state.text = ''
      socket.write('GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n')
      await until(() => state.closed || state.text.endsWith('{"status":"ok"}'))
      return state.error ?? (state.closed ? 'closed' : 'answered')
    },
  }
}

test('who drops idle connections before keep_alive_timeout never sends a request on one that is being closed', async () => {
  const upstream = await fakeUpstream(healthy())
  const { url } = await startProxy({ keep_alive_timeout: 0.15, providers: [provider('a', upstream.url)] })
  const idle = await kept(url)
  expect(await idle.ask()).toBe('answered')
  const connections = await Promise.all(Array.from({ length: 50 }, () => kept(url)))
  const answers = new Map<string, number>()
  for (let round = 0; round < 20; round += 1) {
    for (const answer of await Promise.all(connections.map(({ ask }) => ask())))
      answers.set(answer, (answers.get(answer) ?? 0) + 1)
    await sleep(30 + (round % 4) * 30)
  }
  expect([...answers]).toEqual([['answered', 1000]])
  // Node waits a second longer than it says.
  expect(idle.state).toMatchObject({ closed: true, error: undefined })
})
