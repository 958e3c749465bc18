import { once } from 'node:events'
import { createServer, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { HeldBodies, roomForBodies } from './held-bodies.ts'

/** Answers that are not sent yet. */
async function open(count: number): Promise<ServerResponse[]> {
  const answers: ServerResponse[] = []
  const server = createServer((_request, response) => void answers.push(response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  for (let index = 0; index < count; index++) {
    request({ port, agent: false })
      .on('error', () => undefined)
      .end()
  }
  await expect.poll(() => answers.length).toBe(count)
  return answers
}

test('bodies are held up to a limit in all, each until its request is answered or its client has left', async () => {
  const held = new HeldBodies(1_000_000)
  const [first, second, third] = await open(3)
  expect(held.hold(first!, 300_000)).toBe(true)
  expect(held.hold(first!, 500_000)).toBe(true)
  expect(held.hold(second!, 500_000)).toBe(true)
  expect(held.hold(third!, 100_000)).toBe(false)
  first!.end()
  await once(first!, 'close')
  expect(held.hold(third!, 400_000)).toBe(true)
  expect(held.hold(second!, 700_000)).toBe(false)
  second!.destroy()
  third!.destroy()
  await expect.poll(() => third!.closed && second!.closed).toBe(true)
  const [fourth] = await open(1)
  expect(held.hold(fourth!, 1_000_000)).toBe(true)
})

test('small ones are not counted', async () => {
  const held = new HeldBodies(100_000)
  for (const answer of await open(5)) expect(held.hold(answer, 64 * 1024)).toBe(true)
})

test('there is room for several of the largest, and workers share it', () => {
  expect(roomForBodies(1)).toBeGreaterThan(3 * 64 * 1024 * 1024)
  expect(roomForBodies(64)).toBeLessThanOrEqual(roomForBodies(1))
  const container = vi.spyOn(process, 'constrainedMemory').mockReturnValue(1024 * 1024 * 1024)
  onTestFinished(() => container.mockRestore())
  expect([1, 2, 4].map(roomForBodies)).toEqual([256, 128, 64].map((mebibytes) => mebibytes * 1024 * 1024))
})
