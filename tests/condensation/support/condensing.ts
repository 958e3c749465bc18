import type { GatewayConfigInput } from '@llmproxy/core'
import { anthropicWire, compatible, type Started, start } from '../../support/start.ts'
import type { Driven } from './drive.ts'

type CondensationInput = NonNullable<GatewayConfigInput['condensation']>

export interface CondensingOptions {
  /** Of the model that clients name `agent`. */
  readonly upstream: string
  /** Of the model that makes summaries, at a provider of its own. */
  readonly summariser: string
  /** In the configuration of `agent`. */
  readonly contextWindow?: number
  readonly condensation?: CondensationInput
  /** Of the model that is asked. Default: `openai`. */
  readonly wire?: 'openai' | 'anthropic'
}

export type Condensing = Started & Driven

/** A gateway that condenses for the model `agent`, with an upstream for the model and one for its summaries. */
export async function startCondensing(options: CondensingOptions): Promise<Condensing> {
  const { upstream, summariser, contextWindow, condensation, wire } = options
  const provider = wire === 'anthropic' ? anthropicWire : compatible
  const window = contextWindow === undefined ? {} : { context_window: contextWindow }
  const started = await start({
    mocks: 2,
    config: ([main = '', summaries = '']) => ({
      providers: [
        provider(main, { name: 'main', models: [{ id: 'agent', upstream, ...window }] }),
        compatible(summaries, { name: 'summariser', models: [summariser], priority: 2 }),
      ],
      // In these tests a conversation of hours takes seconds.
      condensation: { provider: 'summariser', calls_per_minute: null, ...condensation },
    }),
  })
  const [first, second] = started.upstreams
  return { ...started, main: first!, summariser: second! }
}
