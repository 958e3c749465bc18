import type { OperationName } from '@llmproxy/provider-kit'
import { bodies, paths } from './client.ts'
import { provider } from './proxy.ts'

/** One way to ask for a model: an operation, streamed or not. */
export interface ModelRoute {
  readonly name: string
  readonly operation: OperationName
  readonly streamed: boolean
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
}

const messages = { ...bodies.chat, max_tokens: 5 }

function route(operation: OperationName, streamed = false): ModelRoute {
  const [path, body] =
    operation === 'messages' ? ['/v1/messages', messages] : [paths[operation], bodies[operation]]
  const name = streamed ? `streamed ${operation}` : operation
  return { name, operation, streamed, path, body: streamed ? { ...body, stream: true } : body }
}

/** Every operation, streamed and whole where there is a choice. */
export const modelRoutes: readonly ModelRoute[] = [
  route('chat'),
  route('chat', true),
  route('completions'),
  route('completions', true),
  route('embeddings'),
  route('images'),
  route('videos'),
  route('messages'),
  route('messages', true),
]

/** A provider at `url` that has the operation. */
export function routeProvider({ operation }: ModelRoute, name: string, url: string, more: object = {}) {
  const relay = provider(name, url, more)
  if (operation !== 'messages') return relay
  const { operations: _, ...others } = relay as Record<string, unknown>
  return { ...others, name, type: 'anthropic', base_url: url }
}
