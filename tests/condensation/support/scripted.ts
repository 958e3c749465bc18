import type { GatewayConfigInput } from '@llmproxy/core'
import {
  type Answer,
  completion,
  errorBody,
  type FakeUpstream,
  fakeUpstream,
  provider,
  type Proxy,
  type ProxyOptions,
  type SeenRequest,
  sendJson,
  sleep,
  startProxy,
  until,
} from '../../reliability/support.ts'

type ProviderInput = NonNullable<GatewayConfigInput['providers']>[number]
type CondensationInput = NonNullable<GatewayConfigInput['condensation']>

/** How an upstream answers requests, and requests for summaries. */
export interface Script {
  readonly request: Answer
  readonly summary: Answer
}

/** An upstream that tells requests for summaries from others. */
export interface Scripted extends FakeUpstream {
  /** What it was asked, summaries aside. */
  readonly asked: readonly SeenRequest[]
  /** The requests for summaries among what it was asked. */
  readonly summaries: readonly SeenRequest[]
  turn(script: Partial<Script>): void
}

/** By default a model of 1,500 tokens that makes good summaries. Lists of its models are refused, and not among its requests. */
export async function scripted(first: Partial<Script> = {}): Promise<Scripted> {
  let script: Script = { request: windowed(), summary: says('what was said before'), ...first }
  const requests: SeenRequest[] = []
  const asked: SeenRequest[] = []
  const summaries: SeenRequest[] = []
  const upstream = await fakeUpstream((request, response) => {
    if (request.method === 'GET') return sendJson(response, 404, errorBody('no list'))
    const isSummary = isForSummary(request)
    requests.push(request)
    ;(isSummary ? summaries : asked).push(request)
    ;(isSummary ? script.summary : script.request)(request, response)
  })
  return Object.assign(upstream, {
    requests,
    request: (n: number) => until(() => requests[n]),
    asked,
    summaries,
    turn: (next: Partial<Script>) => void (script = { ...script, ...next }),
  })
}

interface Message {
  readonly role: string
  readonly content?: unknown
}

/** The messages of a chat request that an upstream has got. */
export function messagesOf({ body }: SeenRequest): readonly Message[] {
  return (JSON.parse(body.toString('utf8')) as { messages?: readonly Message[] }).messages ?? []
}

function isForSummary(request: SeenRequest): boolean {
  const last = messagesOf(request).at(-1)?.content
  return typeof last === 'string' && /^<(?:transcript|summary)-/.test(last)
}

/** A model with a window, about which its error says no number. A token has four bytes, and all of the request counts. */
export function windowed(tokens = 1_500, then: Answer = says('Hello')): Answer {
  return (request, response) => (request.body.length / 4 > tokens ? refuses : then)(request, response)
}

const tooLong = 'Your input exceeds the context window of this model. Please adjust your input and try again.'
export const tooLongError = errorBody(tooLong, 'invalid_request_error', 'context_length_exceeded')

/** Whatever it is asked. */
export const refuses: Answer = (_, response) => sendJson(response, 400, tooLongError)

/** A good answer to a request that is not streamed. */
export function says(text: string): Answer {
  return ({ path }, response) => {
    const chat = completion(text)
    const { choices, ...head } = chat
    const answer = path.endsWith('/chat/completions')
      ? chat
      : { ...head, object: 'text_completion', choices: [{ ...choices[0], message: undefined, text }] }
    sendJson(response, 200, answer)
  }
}

/** Never says a word. */
export const hangs: Answer = () => undefined

/** A conversation of about 400 tokens for each turn, without the question at its end. Every text names `topic`. */
export function conversation(topic = 'anchors', turns = 6): readonly Message[] {
  const text = (who: string, turn: number) => `${who} ${turn} about ${topic}: ${'word '.repeat(150)}`
  return [
    { role: 'system', content: 'Be brief.' },
    ...Array.from({ length: turns }, (_, turn) => [
      { role: 'user', content: text('question', turn) },
      { role: 'assistant', content: text('answer', turn) },
    ]).flat(),
    { role: 'user', content: `And now, about ${topic}?` },
  ]
}

/** A gateway that condenses, with providers of the model `m` in the order in which they are asked. */
export function startCondensing(
  upstreams: readonly (Pick<FakeUpstream, 'url'> & { readonly entry?: Partial<ProviderInput> })[],
  condensation: CondensationInput = {},
  { config, ...options }: ProxyOptions & { readonly config?: GatewayConfigInput } = {},
): Promise<Proxy> {
  return startProxy(condensingConfig(upstreams, condensation, config), options)
}

/** Its configuration. */
export function condensingConfig(
  upstreams: readonly (Pick<FakeUpstream, 'url'> & { readonly entry?: Partial<ProviderInput> })[],
  condensation: CondensationInput | undefined = {},
  config: GatewayConfigInput = {},
): GatewayConfigInput {
  const providers = upstreams.map(({ url, entry }, index) =>
    provider('abcdef'[index]!, url, { priority: index + 1, max_retries: 0, ...entry }),
  )
  return { ...config, providers, ...(condensation && { condensation }) }
}

/** So many requests were answered, and the gateway has had the time to see it: those that were refused wait for a summary. */
export async function settled({ asked }: Scripted, count: number): Promise<void> {
  await until(() => asked.filter(({ closedAt }) => closedAt !== undefined).length === count)
  await sleep(30)
}

/** Every connection to it is closed soon, and long before idle ones are: nobody has it in his configuration any more. */
export async function expectLeft({ requests }: FakeUpstream): Promise<void> {
  await until(() => requests.every(({ socket }) => socket.destroyed), 2_000)
}

/** What is in use at a gateway: nothing, when no request runs. */
export function inUse(proxy: Proxy): Readonly<Record<string, unknown>> {
  const openBreakers = providersOf(proxy).flatMap(({ name, breakers }) =>
    Object.values(breakers).some((state) => state !== 'closed') ? [name] : [],
  )
  return { requests: proxy.gateway.inFlight, slots: slotsOf(proxy), openBreakers }
}

export const nothing = { requests: 0, slots: 0, openBreakers: [] }

/** Requests that have, or wait for, a connection of a provider. */
export function slotsOf(proxy: Proxy): number {
  return providersOf(proxy).reduce((sum, each) => sum + each.in_flight + each.queued, 0)
}

function providersOf({ gateway }: Proxy) {
  const { providers } = gateway.providers() as {
    providers: { name: string; in_flight: number; queued: number; breakers: Record<string, string> }[]
  }
  return providers
}
