import type { MockServer, RecordedRequest } from '@llmproxy/provider-mock/server'
import type { AgentRequest, Transcript } from './agent-transcript.ts'

/** A gateway that condenses for the model `agent`. */
export interface Driven {
  readonly url: string
  /** The upstream of the model, and of nothing else. */
  readonly main: MockServer
  /** The upstream of summaries, and of nothing else. */
  readonly summariser: MockServer
}

/** How an answer looked to the client. */
export interface Seen {
  readonly status: number
  /** `x-llmproxy-condensed`. */
  readonly condensed: string | null
  /** The answer, where it is an error. */
  readonly error: string
}

/** What one request of the transcript led to. */
export interface TurnFindings extends Seen {
  /** Requests for an answer that the model got, and how many of them it refused. */
  readonly asked: number
  readonly refused: number
  /** The body of the last of them. */
  readonly sent: string
  /** Requests for summaries that were answered, while the client waited or before its next request. */
  readonly summaries: readonly string[]
  /** Bytes that the model got in all. */
  readonly bytes: number
}

/** Sends one request. */
export type Send = (request: AgentRequest) => Promise<Seen>

export interface Drive {
  /** Default: as plain HTTP. */
  readonly send?: Send
  /** The first so many requests. Default: all. */
  readonly requests?: number
  /** What the client does between an answer and its next request. */
  readonly between?: () => Promise<void>
}

/** Sends the growing history of a transcript, one request after the other, as a client does that knows nothing of windows. */
export async function drive(
  { url, main, summariser }: Driven,
  transcript: Transcript,
  { send = sender(url, transcript), requests = transcript.requests.length, between }: Drive = {},
): Promise<readonly TurnFindings[]> {
  const found: TurnFindings[] = []
  for (const request of transcript.requests.slice(0, requests)) {
    const seen = await send(request)
    await between?.()
    const asked = taken(main)
    found.push({
      ...seen,
      asked: asked.length,
      refused: asked.filter(({ status }) => status !== 200).length,
      sent: asked.at(-1)?.body.toString() ?? '',
      summaries: taken(summariser).flatMap((each) => (each.status === 200 ? [each.body.toString()] : [])),
      bytes: asked.reduce((sum, each) => sum + each.body.byteLength, 0),
    })
  }
  return found
}

/** Sends requests to the model `agent`; each message is written as JSON but once. */
function sender(url: string, { history, tools }: Transcript): Send {
  const written = history.map((message) => JSON.stringify(message))
  const toolsText = JSON.stringify(tools)
  return async ({ until, maxTokens }) => {
    const limit = maxTokens === undefined ? '' : `,"max_tokens":${maxTokens}`
    const messages = written.slice(0, until).join(',')
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"model":"agent","messages":[${messages}],"tools":${toolsText}${limit}}`,
    })
    const text = await response.text()
    const { status, headers } = response
    return { status, condensed: headers.get('x-llmproxy-condensed'), error: status === 200 ? '' : text }
  }
}

/** What a mock was asked since the last time. The list of its models, which is fetched now and then, does not count. */
function taken(mock: MockServer): readonly RecordedRequest[] {
  const requests = mock.requests.filter(({ method }) => method === 'POST')
  mock.reset()
  return requests
}
