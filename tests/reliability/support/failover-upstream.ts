import { createServer as createTcpServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { healthy } from './answers.ts'
import type { FailoverCase } from './failover-cases.ts'
import { fakeUpstream, listening, refusingUrl, type SeenRequest } from './fake-upstream.ts'
import { provider } from './proxy.ts'
import { selfSigned } from './self-signed.ts'
import type { UpstreamFault } from './upstream-faults.ts'

const positions = ['first', 'second', 'third'] as const

export const modelName = (index: number) => `model-${index}`
export const providerName = (index: number, position: number) => `case${index}-${positions[position]}`

/** The providers of many cases behind one scripted upstream, which tells them apart by their path. */
export interface FailoverUpstream {
  /** Each has a model of its own case only: no breaker and no pause of one case is seen by another. */
  readonly providers: ReturnType<typeof provider>[]
  requests(providerName: string): readonly SeenRequest[]
}

/** Closed with the test. */
export async function failoverUpstream(cases: readonly FailoverCase[]): Promise<FailoverUpstream> {
  const seen = new Map<string, SeenRequest[]>()
  const scripted = await fakeUpstream((request, response) => {
    const [, name = ''] = request.path.split('/')
    seen.set(name, [...(seen.get(name) ?? []), request])
    const [index = '', position = ''] = name.slice('case'.length).split('-')
    const { asked, route } = cases[Number(index)]!
    const behaviour = route[positions.indexOf(position as (typeof positions)[number])]!
    if (behaviour === 'well') healthy(`from the ${position}`)(request, response)
    else behaviour.play!(response, asked, request)
  })
  const places = { ...(await otherPlaces()), scripted: scripted.url }
  const providers = cases.flatMap(({ route }, index) =>
    route.map((behaviour, position) => {
      const { place = 'scripted', limits = {} } = behaviour === 'well' ? {} : behaviour
      const name = providerName(index, position)
      const settings = { ...limits, priority: position + 1, models: [modelName(index)], max_retries: 1 }
      return provider(name, `${places[place]}/${name}`, settings)
    }),
  )
  return { providers, requests: (name) => seen.get(name) ?? [] }
}

async function otherPlaces(): Promise<Readonly<Record<NonNullable<UpstreamFault['place']>, string>>> {
  const plain = createTcpServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  return {
    'nobody listens': await refusingUrl(),
    'no handshake': (
      await listening(
        createTcpServer((socket) => socket.resume()),
        'https',
      )
    ).url,
    'unknown authority': (await listening(createTlsServer(selfSigned()), 'https')).url,
    'no TLS': (await listening(plain, 'https')).url,
    // A label of more than 63 characters: no name server has to be asked to know that it does not exist.
    'no such name': `http://${'x'.repeat(64)}.invalid`,
  }
}
