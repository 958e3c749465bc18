import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type Answer, LoadConnection } from './load-connection.ts'

let server: Server | undefined
afterEach(() => server?.close())

/** Asks a server that answers every request with these pieces, each in a packet of its own. */
async function ask(
  pieces: readonly string[],
  expected: { stream: boolean; leastBytes: number },
): Promise<Answer[]> {
  server = createServer({ noDelay: true }, (socket) => {
    socket.on('data', () => {
      pieces.forEach((piece, index) => {
        setTimeout(() => (piece === 'close' ? socket.destroy() : socket.write(piece)), index * 5)
      })
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const answers: Answer[] = []
  await new Promise<void>((resolve) => {
    const connection = new LoadConnection({ port, request: Buffer.from('x'), ...expected }, (answer) => {
      answers.push(answer)
      if (answers.length < 2) return connection.send()
      connection.close()
      resolve()
    })
    connection.send()
  })
  return answers
}

const failures = (answers: readonly Answer[]): unknown[] => answers.map(({ failure }) => failure)
const head = (rest: string, status = 200): string => `HTTP/1.1 ${status} OK\r\n${rest}\r\n\r\n`

describe('a connection of the load', () => {
  it('reads one whole answer after the other, wherever they are cut', async () => {
    const whole = `${head('Content-Length: 6')}abcdef`
    const expected = { stream: false, leastBytes: 6 }
    expect(failures(await ask([whole], expected))).toEqual([undefined, undefined])
    expect(failures(await ask([whole.slice(0, 30), whole.slice(30, -3), whole.slice(-3)], expected))).toEqual(
      [undefined, undefined],
    )
  })

  it('reads a stream whose last event is cut in two', async () => {
    const pieces = [head('Transfer-Encoding: chunked'), '9\r\ndata: [DO\r\n5\r\nNE]\n\n\r\n0\r\n', '\r\n']
    expect(failures(await ask(pieces, { stream: true, leastBytes: 10 }))).toEqual([undefined, undefined])
  })

  it('tells what is wrong with an answer', async () => {
    const whole = { stream: false, leastBytes: 6 }
    expect(failures(await ask([`${head('content-length: 2', 503)}no`], whole))).toEqual([
      'status 503',
      'status 503',
    ])
    expect(failures(await ask([`${head('content-length: 2')}no`], whole))).toEqual([
      'too few bytes',
      'too few bytes',
    ])
    const short = [`${head('transfer-encoding: chunked')}5\r\nabcde\r\n0\r\n\r\n`]
    expect(failures(await ask(short, { stream: true, leastBytes: 1 }))).toEqual(['no [DONE]', 'no [DONE]'])
    expect(failures(await ask([head('content-length: 9'), 'close'], whole))).toEqual([
      'connection closed',
      'connection closed',
    ])
  })
})
