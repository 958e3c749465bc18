import { createGateway, type Gateway, type GatewayConfigInput, systemClock } from '@llmproxy/core'
import { definePlugin, type ProviderPlugin, type UpstreamResponse } from '@llmproxy/provider-kit'
import anthropic from '@llmproxy/provider-anthropic'
import openaiCompatible from '@llmproxy/provider-openai-compatible'
import { z } from 'zod'

/** The two wires whose streams are replayed in process: one is relayed, the other translated. */
export type PiecesWire = 'openai' | 'anthropic'

export interface PiecesGateway extends AsyncDisposable {
  readonly gateway: Gateway
  /** The client's bytes for an upstream stream that arrives in exactly these pieces. */
  stream(pieces: Iterable<Uint8Array>): Promise<{ readonly status: number; readonly text: string }>
}

/**
 * A gateway in process whose upstream hands over its stream piece by piece: no socket joins or splits them on the way.
 * The provider is the real one but for that. Ids and times are constant.
 */
export async function piecesGateway(
  wire: PiecesWire,
  settings: GatewayConfigInput = {},
): Promise<PiecesGateway> {
  const upstream: { pieces: Iterable<Uint8Array> } = { pieces: [] }
  const exchange = (): Promise<UpstreamResponse> =>
    Promise.resolve({
      status: 200,
      headers: { 'content-type': 'text/event-stream' },
      body: handOver(upstream.pieces),
    })
  const provider = { name: 'pieces', type: 'pieces', models: ['any'], max_retries: 0 }
  const gateway = await createGateway(
    { ...settings, providers: [{ ...provider, circuit_breaker_threshold: 1_000_000 }] },
    {
      plugins: [plugin(wire, exchange)],
      newId: () => 'test',
      clock: { ...systemClock, epoch: () => 1_700_000_000_000 },
    },
  )
  return {
    gateway,
    stream: async (pieces) => {
      upstream.pieces = pieces
      const messages = [{ role: 'user', content: 'Hi' }]
      const answer = await gateway.respond('chat', { model: 'any', stream: true, messages })
      return { status: answer.status, text: await answer.text() }
    },
    [Symbol.asyncDispose]: () => gateway.close(),
  }
}

function plugin(wire: PiecesWire, exchange: () => Promise<UpstreamResponse>): ProviderPlugin {
  const base_url = 'http://127.0.0.1:9'
  return definePlugin({
    type: 'pieces',
    options: z.strictObject({}),
    create: () => ({ ...real(wire, base_url), exchange }),
  })
}

function real(wire: PiecesWire, base_url: string) {
  if (wire === 'openai') return openaiCompatible.create(parsed(openaiCompatible, { base_url }))
  return anthropic.create(parsed(anthropic, { base_url, api_key: 'test-key' }))
}

function parsed<Options>(plugin: ProviderPlugin<Options>, input: unknown): Options {
  const result = plugin.options['~standard'].validate(input)
  if (result instanceof Promise || result.issues !== undefined) throw new Error('options are not valid')
  return result.value
}

async function* handOver(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces
}
