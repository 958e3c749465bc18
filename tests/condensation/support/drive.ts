import type { RecordedRequest } from '@llmproxy/provider-mock/server'
import type { Transcript } from './agent-transcript.ts'
import type { Condensing } from './condensing.ts'

/** What one request of the transcript led to. */
export interface TurnFindings {
  readonly status: number
  /** `x-llmproxy-condensed` of the answer. */
  readonly condensed: string | null
  /** The answer, where it is an error. */
  readonly error: string
  /** Requests for an answer that the model got, and how many of them it refused. */
  readonly asked: number
  readonly refused: number
  /** The body of the last of them. */
  readonly sent: string
  /** Requests for summaries that were answered, while the client waited or after the answer before. */
  readonly summaries: readonly string[]
  /** Bytes that the client sent, and that the model got in all. */
  readonly bytesIn: number
  readonly bytesOut: number
  readonly milliseconds: number
}

export interface Drive {
  readonly model?: string
  /** The first so many requests. Default: all. */
  readonly requests?: number
  /** What the client does between an answer and its next request. */
  readonly between?: () => Promise<void>
}

/** Sends the growing history of a transcript, one request after the other, as a client does that knows nothing of windows. */
export async function drive(
  { url, main, summariser }: Condensing,
  transcript: Transcript,
  { model = 'agent', requests = transcript.requests.length, between }: Drive = {},
): Promise<readonly TurnFindings[]> {
  const written = transcript.history.map((message) => JSON.stringify(message))
  const tools = JSON.stringify(transcript.tools)
  const found: TurnFindings[] = []
  for (const { until, maxTokens } of transcript.requests.slice(0, requests)) {
    const limit = maxTokens === undefined ? '' : `,"max_tokens":${maxTokens}`
    const body = `{"model":"${model}","messages":[${written.slice(0, until).join(',')}],"tools":${tools}${limit}}`
    const began = performance.now()
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    const text = await response.text()
    const milliseconds = performance.now() - began
    await between?.()
    const asked = taken(main)
    found.push({
      status: response.status,
      condensed: response.headers.get('x-llmproxy-condensed'),
      error: response.status === 200 ? '' : text,
      asked: asked.length,
      refused: asked.filter(({ status }) => status !== 200).length,
      sent: asked.at(-1)?.body.toString() ?? '',
      summaries: taken(summariser).flatMap((each) => (each.status === 200 ? [each.body.toString()] : [])),
      bytesIn: Buffer.byteLength(body),
      bytesOut: asked.reduce((sum, each) => sum + each.body.byteLength, 0),
      milliseconds,
    })
  }
  return found
}

/** What a mock has recorded since it was last asked. */
function taken(mock: Condensing['main']): readonly RecordedRequest[] {
  const requests = [...mock.requests]
  mock.reset()
  return requests
}
