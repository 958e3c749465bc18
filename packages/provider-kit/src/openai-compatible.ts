import type {
  Call,
  HeaderMap,
  HealthCheck,
  ModelList,
  Operation,
  OperationName,
  Operations,
  Provider,
  Supports,
  UpstreamRequest,
} from './contract.ts'
import { ProviderFault } from './fault.ts'
import { modelWindows } from './model-windows.ts'

/** Top-level members to set in the client's own bytes; `undefined` removes one. */
export type Patch = Readonly<Record<string, unknown>>

/** A vendor that speaks the OpenAI wire format, described as data. */
export interface OpenaiCompatible {
  readonly baseUrl: string
  /** Stands in front of every path but `health`, for servers whose health check is not below their API. Default: none. */
  readonly prefix?: string
  /** Default: no credentials. */
  readonly authorize?: Provider['authorize']
  /** Where an operation is not at its usual path. */
  readonly paths?: Readonly<Partial<Record<OperationName, string>>>
  /** Default: chat and embeddings. */
  readonly operations?: readonly OperationName[]
  readonly supports?: Supports
  readonly clientHeaders?: readonly string[]
  /** Default: `openaiFault()`. */
  readonly fault?: NonNullable<Provider['fault']>
  /** The path of a GET that is free of charge. Default: the model list; `false`: there is none. */
  readonly health?: string | false
  /** What an answer to it says where its status alone does not. */
  readonly verdict?: NonNullable<HealthCheck['verdict']>
  /** The path of the model list. Default: `/models`; `false`: there is none. */
  readonly models?: string | false
  /** Members of an entry of that list that may hold how many tokens the model can take: see `modelWindows()`. Default: none. */
  readonly windows?: readonly string[]
  /** Fixes that depend on the model. Runs once per attempt; report losses with `call.dropped()`. */
  readonly patch?: (call: Call<Record<string, unknown>>, operation: OperationName) => Patch | undefined
  /** Fixed headers, lower case. */
  readonly headers?: HeaderMap
}

const usualPaths: Readonly<Record<OperationName, string>> = {
  chat: '/chat/completions',
  completions: '/completions',
  embeddings: '/embeddings',
  images: '/images/generations',
  videos: '/videos/generations',
  messages: '/messages',
}

/** Makes a provider that relays: the client's bytes go out as they are, and the answer's bytes come back as they are. */
export function openaiCompatible(vendor: OpenaiCompatible): Provider {
  const models = vendor.models === false ? false : (vendor.prefix ?? '') + (vendor.models ?? '/models')
  const { health = models } = vendor
  return {
    baseUrl: vendor.baseUrl,
    operations: operationsOf(vendor),
    authorize: vendor.authorize ?? (() => ({})),
    ...(vendor.supports && { supports: vendor.supports }),
    ...(vendor.clientHeaders && { clientHeaders: vendor.clientHeaders }),
    ...(vendor.fault && { fault: vendor.fault }),
    ...(health !== false && { health: healthCheck(health, vendor) }),
    ...(models !== false && { models: modelList(models, vendor) }),
  }
}

function operationsOf(vendor: OpenaiCompatible): Operations {
  const names = vendor.operations ?? ['chat', 'embeddings']
  return Object.fromEntries(names.map((name) => [name, relay(name, vendor)]))
}

function relay(
  name: OperationName,
  vendor: OpenaiCompatible,
): Operation<Record<string, unknown>, never, never> {
  const path = (vendor.prefix ?? '') + (vendor.paths?.[name] ?? usualPaths[name])
  return {
    request: (call) => {
      const patch = vendor.patch?.(call, name)
      return { path, ...(vendor.headers && { headers: vendor.headers }), ...(patch && { patch }) }
    },
  }
}

function read(path: string, headers: HeaderMap | undefined): UpstreamRequest {
  return { method: 'GET', path, ...(headers && { headers }) }
}

function healthCheck(path: string, { headers, verdict }: OpenaiCompatible): HealthCheck {
  return { request: () => read(path, headers), ...(verdict && { verdict }) }
}

function modelList(path: string, { headers, windows }: OpenaiCompatible): ModelList {
  return {
    request: () => read(path, headers),
    response: modelIds,
    ...(windows && { windows: modelWindows({ members: windows }) }),
  }
}

/** The ids of an OpenAI model list `{data: [{id}]}`. Throws a `ProviderFault` of kind `bad_response` for anything else. */
export function modelIds(body: unknown): readonly string[] {
  const list = (body as { data?: unknown } | null | undefined)?.data
  if (!Array.isArray(list)) {
    throw new ProviderFault({
      kind: 'bad_response',
      message: 'the upstream’s model list has no array named "data"',
    })
  }
  return list.flatMap((entry: unknown) => {
    const id = (entry as { id?: unknown } | null)?.id
    return typeof id === 'string' && id !== '' ? [id] : []
  })
}
