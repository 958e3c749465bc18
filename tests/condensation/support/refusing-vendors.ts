import type { AddressInfo } from 'node:net'
import { createGateway, type GatewayConfigInput } from '@llmproxy/core'
import type { ProviderPlugin } from '@llmproxy/provider-kit'
import type { Simulator } from '@llmproxy/provider-kit/testing'
import openaiCompatible from '@llmproxy/provider-openai-compatible'
import { buildApp } from '@llmproxy/server'
import { vendors } from '../../vendors/support/vendors.ts'
import { type RefusingFront, refusingFront } from './refusing-front.ts'

/** A vendor behind a front that refuses. */
export interface RefusingVendor {
  readonly front: RefusingFront
  readonly simulator: Simulator
  /** As clients name it, so that no other provider is meant. */
  readonly model: string
}

export interface RefusingVendors extends AsyncDisposable {
  /** By provider. */
  readonly vendors: ReadonlyMap<string, RefusingVendor>
  /** What plugins have thrown that is no fault. */
  readonly bugs: readonly object[]
  /** Asks for a chat, of a gateway that condenses or of one that does not. */
  ask(condensing: boolean, body: object): Promise<Response>
}

type Provider = NonNullable<GatewayConfigInput['providers']>[number]

const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore }

const unlimited = { chat: null, completions: null, embeddings: null, images: null, videos: null }

/** Every vendor with a plugin of ours, and a server of one's own that speaks as many do, behind two gateways. */
export async function refusingVendors(
  condensation: NonNullable<GatewayConfigInput['condensation']>,
): Promise<RefusingVendors> {
  const started = new Map<string, RefusingVendor>()
  const providers: Provider[] = []
  const openai = vendors.find(({ vendor }) => vendor.type === 'openai')!
  const compatible = { plugin: openaiCompatible as unknown as ProviderPlugin, vendor: openai.vendor }
  const all = [
    ...vendors.map((each) => ({ ...each, name: each.vendor.type })),
    { ...compatible, name: 'own_server' },
  ]
  for (const { name, plugin, vendor } of all) {
    const simulator = await vendor.start()
    const front = await refusingFront(simulator.url)
    const model = vendor.models.chat!
    // A vendor's model may have another vendor's name in front.
    const own = `own-${name}`
    started.set(name, { front, simulator, model: `${own}/${model}` })
    providers.push({
      name: own,
      type: plugin.type,
      ...vendor.options(front.url),
      ...(plugin === compatible.plugin && { video_poll_interval: undefined }),
      models: [model],
      max_retries: 0,
      // Refusals that count as failures come in a row here.
      circuit_breaker_threshold: 10_000,
    })
  }
  const bugs: object[] = []
  const plugins = all.map(({ plugin }) => plugin)
  const base = { rate_limit_rpm: null, rate_limits: unlimited, providers }
  const [plain, condensing] = await Promise.all(
    [base, { ...base, condensation }].map((config) => serving(config, plugins, bugs)),
  )
  return {
    vendors: started,
    bugs,
    ask: (condensed, body) =>
      fetch(`${(condensed ? condensing! : plain!).url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    async [Symbol.asyncDispose]() {
      await Promise.all([plain!.close(), condensing!.close()])
      for (const { front, simulator } of started.values()) {
        await front[Symbol.asyncDispose]()
        await simulator.close()
      }
    },
  }
}

async function serving(config: GatewayConfigInput, plugins: ProviderPlugin[], bugs: object[]) {
  const log = { error: (facts: object, message: string) => void bugs.push({ ...facts, message }) }
  const gateway = await createGateway(config, { plugins, log })
  const app = buildApp(gateway, { settings: gateway.config, log: silent })
  await app.listen({ host: '127.0.0.1', port: 0 })
  return {
    url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    async close() {
      app.server.closeAllConnections()
      await app.close()
      await gateway.close()
    },
  }
}

function ignore(): void {}
