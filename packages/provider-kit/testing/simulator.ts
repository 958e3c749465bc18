import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { HeaderMap } from '@llmproxy/provider-kit'

/** A request as a simulated vendor sees it. */
export interface SimulatedRequest {
  readonly method: string
  /** Decoded, without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: HeaderMap
  /** The parsed JSON body; `undefined` when there is none or it is not JSON. */
  readonly body: unknown
  readonly bytes: Buffer
}

/** Why a vendor refuses a request: one sentence each, the first is what it answers. */
export interface Violation {
  readonly status: number
  readonly message: string
}

/** What a simulated vendor answers. `json`, or `pieces` that are written one by one. */
export interface SimulatedAnswer {
  readonly status?: number
  readonly headers?: HeaderMap
  readonly json?: unknown
  readonly pieces?: readonly (string | Uint8Array)[]
}

export interface SimulatedRoute {
  readonly method: 'GET' | 'POST'
  /** The whole path, as text or as a pattern from `^` to `$`. */
  readonly path: string | RegExp
  /** What is wrong with the request; `undefined` when the vendor would take it. */
  check?(request: SimulatedRequest): Violation | string | undefined
  answer(request: SimulatedRequest): SimulatedAnswer
}

export interface SimulatorOptions {
  /** What is wrong with the credentials. */
  authenticate(request: SimulatedRequest): Violation | string | undefined
  readonly routes: readonly SimulatedRoute[]
  /** The body of an error in the vendor's own shape. */
  refusal(violation: Violation): unknown
}

/** A loopback server that plays a vendor strictly. */
export interface Simulator {
  readonly url: string
  /** Every request, in the order of arrival. */
  readonly requests: readonly SimulatedRequest[]
  /** Every request that the vendor would have refused, and why. */
  readonly violations: readonly (Violation & { readonly request: SimulatedRequest })[]
  /** Forgets requests and violations. */
  reset(): void
  close(): Promise<void>
}

/** How the tests of several vendors run one of them: what `test/simulator.ts` of a provider exports as `vendor`. */
export interface SimulatedVendor {
  readonly type: string
  /** The upstream model of each operation that the vendor has. */
  readonly models: Readonly<Partial<Record<'chat' | 'embeddings' | 'images' | 'videos', string>>>
  /** The plugin's options that lead to the simulator, the key included. */
  options(url: string): Readonly<Record<string, unknown>>
  start(): Promise<Simulator>
}

/** Starts a vendor on a free port of 127.0.0.1. A route that is not there, bad credentials and bad bodies are refused. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const requests: SimulatedRequest[] = []
  const violations: (Violation & { request: SimulatedRequest })[] = []
  const server = createServer((message, reply) => {
    void receive(message).then(async (request) => {
      requests.push(request)
      const found = await played(request, reply, options).catch(asFailure)
      if (found === undefined) return
      violations.push({ ...found, request })
      if (reply.headersSent) reply.destroy()
      else await write(reply, { status: found.status, json: options.refusal(found) })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    violations,
    reset() {
      requests.length = 0
      violations.length = 0
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Answers, or gives back why not. */
async function played(
  request: SimulatedRequest,
  reply: ServerResponse,
  options: SimulatorOptions,
): Promise<Violation | undefined> {
  const route = options.routes.find((each) => matches(each, request))
  const found = asViolation(options.authenticate(request), 401) ?? problemOf(route, request)
  if (found === undefined) await write(reply, route!.answer(request))
  return found
}

/** A mistake in the simulator itself must fail the test that asked, not the process. */
function asFailure(error: unknown): Violation {
  return { status: 500, message: `the simulator failed: ${String(error)}` }
}

function problemOf(route: SimulatedRoute | undefined, request: SimulatedRequest): Violation | undefined {
  if (route === undefined) return { status: 404, message: `no route ${request.method} ${request.path}` }
  if (route.method === 'POST' && request.headers['content-type'] === undefined) {
    return { status: 415, message: 'no content-type' }
  }
  return asViolation(route.check?.(request), 400)
}

function asViolation(found: Violation | string | undefined, status: number): Violation | undefined {
  return typeof found === 'string' ? { status, message: found } : found
}

function matches({ method, path }: SimulatedRoute, request: SimulatedRequest): boolean {
  return (
    method === request.method && (typeof path === 'string' ? path === request.path : path.test(request.path))
  )
}

async function receive(message: IncomingMessage): Promise<SimulatedRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  const bytes = Buffer.concat(chunks)
  const url = new URL(message.url ?? '/', 'http://vendor')
  const headers = Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [name, String(value)]),
  )
  return {
    method: message.method ?? '',
    path: decoded(url.pathname),
    query: url.searchParams,
    headers,
    body: parsed(bytes.toString('utf8')),
    bytes,
  }
}

/** As it is when its percent signs mean nothing. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function write(reply: ServerResponse, answer: SimulatedAnswer): Promise<void> {
  const { status = 200, headers, json, pieces } = answer
  const type = pieces === undefined ? 'application/json' : 'text/event-stream'
  reply.writeHead(status, { 'content-type': type, ...headers })
  for (const piece of pieces ?? []) {
    reply.write(piece)
    // Pieces that are written in one turn leave in one packet.
    await new Promise((resolve) => setImmediate(resolve))
  }
  reply.end(pieces === undefined ? JSON.stringify(json ?? {}) : undefined)
}
