import { type AddressInfo, connect, type Socket } from 'node:net'
import { Secret } from '@llmproxy/provider-kit'
import { onTestFinished } from 'vitest'
import { type AppOptions, buildApp } from '../src/app.ts'
import { type HttpSettings, LiveSettings } from '../src/live-settings.ts'
import type { ServedGateway } from '../src/served-gateway.ts'
import { fakeGateway, openSettings } from './fake-gateway.ts'

export interface LogLine {
  readonly level: string
  readonly message: string
  readonly [field: string]: unknown
}

export interface Served<Gateway extends ServedGateway> {
  readonly gateway: Gateway
  readonly url: string
  readonly port: number
  readonly log: LogLine[]
  /** Takes other settings into use, as a reload does. */
  readonly change: (changes: Omit<Changes, 'phase' | 'newId'>) => void
  readonly post: (path: string, body: unknown, headers?: Record<string, string>) => Promise<Response>
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Response>
}

type Changes = Partial<Omit<HttpSettings, 'api_keys'>> &
  Pick<AppOptions, 'phase' | 'newId' | 'limits'> & {
    api_keys?: readonly (string | { key: string; name: string })[]
  }

/** A listening server around a fake gateway, closed when the test is over. */
export async function serve(changes: Changes = {}) {
  return serveGateway(fakeGateway(), changes)
}

/** A listening server around a gateway. */
export async function serveGateway<Gateway extends ServedGateway>(
  gateway: Gateway,
  { phase, newId, limits, api_keys = [], ...settings }: Changes = {},
): Promise<Served<Gateway>> {
  const log: LogLine[] = []
  const write = (level: string) => (fields: object, message: string) =>
    void log.push({ level, message, ...fields })
  const live = new LiveSettings({ ...openSettings, ...settings, api_keys: api_keys.map(wrapped) })
  const app = buildApp(gateway, {
    settings: live,
    log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    ...(phase && { phase }),
    ...(newId && { newId }),
    ...(limits && { limits }),
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(async () => {
    app.server.closeAllConnections()
    await app.close()
  })
  const { port } = app.server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  return {
    gateway,
    url,
    port,
    log,
    change: ({ api_keys, ...changed }) =>
      live.replace({ ...live.now, ...changed, ...(api_keys && { api_keys: api_keys.map(wrapped) }) }),
    post: (path, body, headers = {}) =>
      fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    get: (path, headers = {}) => fetch(url + path, { headers }),
  }
}

function wrapped(key: string | { key: string; name: string }): HttpSettings['api_keys'][number] {
  return typeof key === 'string' ? new Secret(key) : { key: new Secret(key.key), name: key.name }
}

/** Sends bytes as they are and reads until the server closes. `to`: a port, or a socket that is connected. */
export function raw(to: number | Socket, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = typeof to === 'number' ? connect(to, '127.0.0.1') : to
    let answer = ''
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => {
      answer += text
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
    socket.write(bytes)
  })
}

/** The error of an envelope. */
export async function errorOf(response: Response): Promise<Record<string, unknown>> {
  const { error } = (await response.json()) as { error: Record<string, unknown> }
  return error
}

export const chat = { model: 'json', messages: [{ role: 'user', content: 'Hello' }] }
