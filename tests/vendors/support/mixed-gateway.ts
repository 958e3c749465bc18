import type { AddressInfo } from 'node:net'
import { createGateway, type Gateway, type GatewayConfigInput } from '@llmproxy/core'
import type { SimulatedVendor, Simulator } from '@llmproxy/provider-kit/testing'
import { buildApp } from '@llmproxy/server'
import { vendors } from './vendors.ts'

export interface MixedGateway extends AsyncDisposable {
  /** `http://127.0.0.1:port`, without `/v1`. */
  readonly url: string
  readonly gateway: Gateway
  readonly simulators: ReadonlyMap<string, Simulator>
  readonly logged: readonly object[]
}

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}

const unlimited = {
  rate_limit_rpm: null,
  rate_limits: {
    chat: null,
    completions: null,
    embeddings: null,
    images: null,
    videos: null,
    messages: null,
  },
  // A job that is polled is waited for in milliseconds, not in seconds: the simulators finish at once.
  request_timeout: 20,
} satisfies GatewayConfigInput

/** One gateway in front of every vendor, each played by its simulator; providers are named after their type. */
export async function mixedGateway(
  only: (type: string) => boolean = () => true,
  options: Readonly<Record<string, object>> = {},
): Promise<MixedGateway> {
  const chosen = vendors.filter(({ vendor }) => only(vendor.type))
  const simulators = new Map<string, Simulator>()
  for (const { vendor } of chosen) simulators.set(vendor.type, await vendor.start())
  const logged: object[] = []
  const gateway = await createGateway(
    {
      ...unlimited,
      providers: chosen.map(({ vendor }) => ({
        name: vendor.type,
        type: vendor.type,
        models: Object.values(vendor.models),
        max_retries: 0,
        ...vendor.options(simulators.get(vendor.type)!.url),
        ...options[vendor.type],
      })),
    },
    {
      plugins: chosen.map(({ plugin }) => plugin),
      log: { error: (facts, message) => void logged.push({ ...facts, message }) },
    },
  )
  const app = buildApp(gateway, { settings: gateway.config, log: silent })
  await app.listen({ host: '127.0.0.1', port: 0 })
  return {
    url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    gateway,
    simulators,
    logged,
    async [Symbol.asyncDispose]() {
      app.server.closeAllConnections()
      await app.close()
      await gateway.close()
      for (const simulator of simulators.values()) await simulator.close()
    },
  }
}

/** The name of a vendor's model as clients ask for it, so that no other provider is meant. */
export function modelOf(vendor: SimulatedVendor, operation: keyof SimulatedVendor['models']): string {
  return `${vendor.type}/${vendor.models[operation]!}`
}
