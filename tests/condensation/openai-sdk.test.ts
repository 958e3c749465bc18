import OpenAI from 'openai'
import { afterEach, expect, test } from 'vitest'
import { agentTranscript } from './support/agent-transcript.ts'
import { type Condensing, startCondensing } from './support/condensing.ts'
import { drive, type Send } from './support/drive.ts'
import { lossesOf } from './support/losses.ts'

const transcript = agentTranscript({ turns: 20, steps: 1, factEvery: 4, seed: 20 })

let gateway: Condensing | undefined
afterEach(() => gateway?.close())

/** As an application does that leaves everything to the official client. */
function sender(client: OpenAI, stream: boolean, texts: string[]): Send {
  return async ({ until, maxTokens }) => {
    const body = {
      model: 'agent',
      messages: transcript.history.slice(0, until) as OpenAI.ChatCompletionMessageParam[],
      tools: transcript.tools as OpenAI.ChatCompletionTool[],
      ...(maxTokens !== undefined && { max_tokens: maxTokens }),
    }
    const { data, response } = await (stream
      ? client.chat.completions.create({ ...body, stream }).withResponse()
      : client.chat.completions.create(body).withResponse())
    if ('choices' in data) texts.push(data.choices[0]!.message.refusal!)
    else {
      let text = ''
      for await (const { choices } of data) text += choices[0]?.delta.refusal ?? ''
      texts.push(text)
    }
    return {
      status: response.status,
      condensed: response.headers.get('x-llmproxy-condensed'),
      error: '',
    }
  }
}

test.each([false, true])(
  'the official client sees twenty answers and no error, streamed: %s, while the model’s window is long exceeded',
  async (stream) => {
    gateway = await startCondensing({
      upstream: 'mock-strict-window-4000-refusal',
      summariser: 'mock-digest',
      condensation: { streaming: true },
    })
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'client-key', maxRetries: 0 })
    const texts: string[] = []
    const run = await drive(gateway, transcript, { send: sender(client, stream, texts) })
    expect(texts).toEqual(run.map(() => 'The mock model refuses.'))
    expect(run.filter(({ condensed }) => condensed?.startsWith('summary; ')).length).toBeGreaterThan(10)
    expect(lossesOf(transcript, run)).toEqual({ repeated: [], unseen: [], forgotten: [] })
    expect(JSON.parse(run.at(-1)!.sent)).toMatchObject(stream ? { stream } : { tools: transcript.tools })
  },
)
