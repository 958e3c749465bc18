import { request } from 'undici'
import { expect, test } from 'vitest'
import {
  type Answer,
  ask,
  beginning,
  errorBody,
  fakeUpstream,
  healthy,
  metric,
  openStream,
  provider,
  type Proxy,
  sendJson,
  start,
  startProxy,
  until,
} from './support.ts'
import { type ModelRoute, modelRoutes, routeProvider } from './support/model-routes.ts'

const rounds = 50

/** The beginning of an answer, whole or streamed. */
const begin: Play = ({ streamed, operation }, response) => {
  if (streamed) openStream(response).write(beginning(operation))
  else response.writeHead(200, { 'content-type': 'application/json' }).write('{"id":')
}

type Play = (route: ModelRoute, response: Parameters<Answer>[1], request: Parameters<Answer>[0]) => void

/** How an upstream brings about each ending. */
const plays: Readonly<Record<string, Play>> = {
  complete: (_route, response, request) => healthy()(request, response),
  upstream_error: ({ streamed, operation }, response) => {
    const error = { type: 'error', ...errorBody('broken') }
    if (!streamed) return sendJson(response, 500, error)
    openStream(response).end(`${beginning(operation)}event: error\ndata: ${JSON.stringify(error)}\n\n`)
  },
  upstream_cut: (route, response, request) => {
    begin(route, response, request)
    setImmediate(() => response.destroy())
  },
  client_gone: begin,
  proxy_timeout: begin,
  // The one slot is taken by a request that is never answered.
  rejected: () => undefined,
}

/** A whole answer that breaks off was never begun towards the client: for it that is an upstream's error. */
const endingOf = (ending: string, { streamed }: ModelRoute) =>
  ending === 'upstream_cut' && !streamed ? 'upstream_error' : ending

/** Requests of one route, to a provider of its own that takes one at a time and lets nobody wait. */
class Station {
  readonly #proxy: Proxy
  readonly #route: ModelRoute
  readonly #model: string
  readonly #arrivals: () => number

  constructor(proxy: Proxy, route: ModelRoute, model: string, arrivals: () => number) {
    this.#proxy = proxy
    this.#route = route
    this.#model = model
    this.#arrivals = arrivals
  }

  get #body() {
    return { ...this.#route.body, model: this.#model }
  }

  get endings(): unknown[] {
    return this.#proxy.requests.filter(({ model }) => model === this.#model).map((line) => line['ending'])
  }

  async ask(): Promise<number> {
    const { statusCode, body } = await request(this.#proxy.url + this.#route.path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(this.#body),
    })
    await body.dump()
    return statusCode
  }

  /** Sends a request, and gives back what ends it as soon as the upstream has it. */
  async hold(): Promise<() => Promise<unknown>> {
    const { length } = this.endings
    const before = this.#arrivals()
    const client = start(this.#proxy.url, this.#route.path, this.#body)
    await until(() => this.#arrivals() > before)
    return () => {
      client.leave()
      return until(() => this.endings.length > length)
    }
  }

  async end(ending: string): Promise<void> {
    const leave = ending === 'rejected' ? await this.hold() : undefined
    for (let round = 0; round < rounds; round += 1) {
      if (ending === 'client_gone') await (await this.hold())()
      else await this.ask()
    }
    await leave?.()
  }
}

test.each(Object.keys(plays))(
  `ending in %s ${rounds} times on every route leaves the one slot free`,
  async (ending) => {
    let play = plays[ending]!
    const arrivals = modelRoutes.map(() => 0)
    const upstream = await fakeUpstream((request, response) => {
      const index = Number(request.path.split('/')[1])
      arrivals[index]! += 1
      play(modelRoutes[index]!, response, request)
    })
    const limits = { max_connections: 1, queue_timeout: 0, max_retries: 0, circuit_breaker_threshold: 1000 }
    const settings = { ...limits, ...(ending === 'proxy_timeout' ? { idle_timeout: 0.005 } : {}) }
    const proxy = await startProxy({
      providers: modelRoutes.map((route, index) =>
        routeProvider(route, `p${index}`, `${upstream.url}/${index}`, { ...settings, models: [`m${index}`] }),
      ),
    })
    const stations = modelRoutes.map(
      (route, index) => new Station(proxy, route, `m${index}`, () => arrivals[index]!),
    )
    await Promise.all(stations.map((station) => station.end(ending)))
    await until(() => proxy.gateway.inFlight === 0)
    const seen = modelRoutes.map(({ name }, index) => [name, stations[index]!.endings])
    const expected = modelRoutes.map((route) => [
      route.name,
      // Whoever held the slot left in the end.
      [
        ...Array<string>(rounds).fill(endingOf(ending, route)),
        ...(ending === 'rejected' ? ['client_gone'] : []),
      ],
    ])
    expect(seen).toEqual(expected)
    expect(arrivals).toEqual(modelRoutes.map(() => (ending === 'rejected' ? 1 : rounds)))
    const { providers } = proxy.gateway.providers() as { providers: object[] }
    expect(providers).toEqual(modelRoutes.map(() => expect.objectContaining({ in_flight: 0, queued: 0 })))
    for (const { operation } of modelRoutes)
      expect(await metric(proxy, 'llmproxy_requests_in_flight', { operation })).toBe(0)
    play = plays['complete']!
    expect(await Promise.all(stations.map((station) => station.ask()))).toEqual(modelRoutes.map(() => 200))
  },
)

test('requests that are refused take no slot', async () => {
  const upstream = await fakeUpstream(healthy())
  const proxy = await startProxy({
    providers: [provider('a', upstream.url, { max_connections: 1, queue_timeout: 0 })],
  })
  for (let round = 0; round < 20; round++) {
    expect((await ask(proxy.url, 'chat', { messages: null })).status).toBe(400)
    expect((await ask(proxy.url, 'chat', { model: 'unknown' })).status).toBe(404)
  }
  expect((await ask(proxy.url, 'chat')).status).toBe(200)
})

test('a full provider queues, and those who wait are served in turn', async () => {
  const upstream = await fakeUpstream((request, response) => {
    setTimeout(() => healthy()(request, response), 5)
  })
  const proxy = await startProxy({ providers: [provider('a', upstream.url, { max_connections: 1 })] })
  const replies = await Promise.all(Array.from({ length: 10 }, () => ask(proxy.url, 'chat')))
  expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200))
})
