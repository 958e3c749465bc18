import { once } from 'node:events'
import { connect } from 'node:net'
import { Worker } from 'node:worker_threads'
import { onTestFinished } from 'vitest'
import { sleep } from './fake-upstream.ts'

/** Listens, and then never runs again: the kernel accepts for it until the backlog is full. */
const deaf = `
const { parentPort, workerData } = require('node:worker_threads')
const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  parentPort.postMessage(server.address().port)
  setImmediate(() => Atomics.wait(new Int32Array(workerData), 0, 0))
})`

/** The URL of a loopback port that takes no more connections, and does not refuse them either. Freed with the test. */
export async function fullBacklog(): Promise<string> {
  const worker = new Worker(deaf, { eval: true, workerData: new SharedArrayBuffer(4) })
  onTestFinished(async () => void (await worker.terminate()))
  const [port] = (await once(worker, 'message')) as [number]
  for (let taken = 0; taken < 20; taken += 1) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined)
    onTestFinished(() => void socket.destroy())
    const connected = await Promise.race([
      once(socket, 'connect').then(() => true),
      sleep(60).then(() => false),
    ])
    if (!connected) return `http://127.0.0.1:${port}`
  }
  throw new Error('the backlog of a listener that accepts nothing never gets full')
}
