import { setTimeout as wait } from 'node:timers/promises'
import {
  definePlugin,
  type ExchangeIo,
  type PreparedRequest,
  type UpstreamResponse,
} from '@llmproxy/provider-kit'

const relay = { request: () => ({ path: '/' }) }

/** A vendor that lives in the process: model `slow` streams for ever, any other one answers `Hello`. */
export const toyPlugin = definePlugin({
  type: 'toy',
  options: {
    '~standard': {
      version: 1,
      vendor: 'toy',
      validate: (value: unknown) => ({ value: value as { api_key?: string } }),
    },
  },
  create: () => ({
    baseUrl: 'toy://here',
    operations: { chat: relay },
    authorize: () => ({}),
    exchange: answer,
  }),
})

async function answer({ body }: PreparedRequest, { signal }: ExchangeIo): Promise<UpstreamResponse> {
  const { model, stream } = JSON.parse(Buffer.from(body ?? []).toString()) as {
    model: string
    stream?: boolean
  }
  if (stream === true) {
    return { status: 200, headers: { 'content-type': 'text/event-stream' }, body: frames(model, signal) }
  }
  const choice = { index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }
  const whole = { id: 'toy-1', object: 'chat.completion', created: 1, model, choices: [choice] }
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(whole)),
  }
}

async function* frames(model: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const frame = (delta: object, finish_reason: string | null) => {
    const choices = [{ index: 0, delta, finish_reason }]
    const chunk = { id: 'toy-1', object: 'chat.completion.chunk', created: 1, model, choices }
    return Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`)
  }
  yield frame({ role: 'assistant', content: 'Hel' }, null)
  const pauses = model === 'short' ? 10 : model === 'slow' ? 1_000_000 : 0
  for (let n = 0; n < pauses; n += 1) {
    await wait(10, undefined, { signal })
    yield frame({ content: '.' }, null)
  }
  yield frame({ content: 'lo' }, null)
  yield frame({}, 'stop')
  yield Buffer.from('data: [DONE]\n\n')
}
