import { once } from 'node:events'
import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
} from 'node:http'
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { until } from './fake-upstream.ts'

export const paths = {
  chat: '/v1/chat/completions',
  completions: '/v1/completions',
  embeddings: '/v1/embeddings',
  images: '/v1/images/generations',
  videos: '/v1/videos/generations',
} as const
export type OpenaiOperation = keyof typeof paths

export const bodies: Readonly<Record<OpenaiOperation, Record<string, unknown>>> = {
  chat: { model: 'm', messages: [{ role: 'user', content: 'Hi' }] },
  completions: { model: 'm', prompt: 'Hi' },
  embeddings: { model: 'm', input: 'Hi', encoding_format: 'float' },
  images: { model: 'm', prompt: 'Hi' },
  videos: { model: 'm', prompt: 'Hi' },
}

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
  readonly text: string
}

export interface Sent {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer | object
}

/** One request, byte for byte as given, on a connection of its own. */
export async function send(
  url: string,
  path: string,
  { method = 'POST', headers, body }: Sent = {},
): Promise<Reply> {
  const bytes = bytesOf(body)
  const request = open(url, path, method, {
    ...headers,
    ...(bytes && { 'content-length': String(bytes.length) }),
  })
  request.end(bytes)
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  request.destroy()
  const all = Buffer.concat(chunks)
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    bytes: all,
    text: all.toString('utf8'),
  }
}

export function chat(url: string, more: object = {}, headers: Record<string, string> = {}): Promise<Reply> {
  return ask(url, 'chat', more, headers)
}

export function ask(
  url: string,
  operation: OpenaiOperation,
  more: object = {},
  headers: Record<string, string> = {},
): Promise<Reply> {
  return send(url, paths[operation], { headers, body: { ...bodies[operation], ...more } })
}

/** A request whose client can leave at any time. */
export interface Leaving {
  /** Body text received so far. */
  readonly text: string
  readonly status: number | undefined
  readonly ended: boolean
  leave(): void
  /** Waits until `n` frames have arrived. */
  frames(n: number): Promise<void>
}

export function start(url: string, path: string, body: object): Leaving {
  const state = { text: '', status: undefined as number | undefined, ended: false }
  const request = open(url, path, 'POST', {})
  request.on('error', () => undefined)
  request.on('response', (response) => {
    state.status = response.statusCode
    response.on('error', () => undefined)
    response.on('data', (chunk: Buffer) => (state.text += chunk.toString('utf8')))
    response.on('end', () => (state.ended = true))
  })
  request.end(JSON.stringify(body))
  return Object.assign(state, {
    leave: () => void request.destroy(),
    frames: async (n: number) => {
      await until(() => state.text.split('\n\n').length > n)
    },
  })
}

/** Raw bytes to the gateway, raw bytes back: for what no HTTP client would send. Ends when the gateway closes or answers in full. */
export async function raw(url: string, bytes: string | Buffer, limitMs = 3000): Promise<string> {
  const socket = rawSocket(url)
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
  socket.write(bytes)
  await Promise.race([once(socket, 'close'), until(() => isWhole(text), limitMs)])
  socket.destroy()
  return text
}

export function rawSocket(url: string): Socket {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  return socket
}

function isWhole(text: string): boolean {
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(text)?.[1]
  const start = text.indexOf('\r\n\r\n')
  return length !== undefined && start !== -1 && text.length >= start + 4 + Number(length)
}

function open(
  url: string,
  path: string,
  method: string,
  headers: Readonly<Record<string, string>>,
): ClientRequest {
  const { hostname, port } = new URL(url)
  const all = {
    connection: 'keep-alive',
    ...(method === 'POST' && { 'content-type': 'application/json' }),
    ...headers,
  }
  return httpRequest({ hostname, port, path, method, headers: all, agent: false })
}

function bytesOf(body: Sent['body']): Buffer | undefined {
  if (body === undefined || Buffer.isBuffer(body)) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}
