import type { Wire } from './errors.ts'

/** A request as the mock gets it, from a socket or in process. */
export interface MockRequest {
  readonly method: string
  /** Path and query, as sent. */
  readonly path: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Uint8Array
}

/** What a path asks for. */
export type Endpoint =
  | {
      readonly name:
        | 'chat'
        | 'completions'
        | 'embeddings'
        | 'images'
        | 'videos'
        | 'messages'
        | 'count_tokens'
        | 'models'
    }
  | { readonly name: 'model'; readonly id: string }

const posts: Readonly<Record<string, Endpoint>> = {
  '/chat/completions': { name: 'chat' },
  '/completions': { name: 'completions' },
  '/embeddings': { name: 'embeddings' },
  '/images/generations': { name: 'images' },
  '/videos/generations': { name: 'videos' },
  '/messages': { name: 'messages' },
  '/messages/count_tokens': { name: 'count_tokens' },
}

/** The endpoint of a request; `/v1` before the path is optional. `undefined`: there is none. */
export function endpointOf(request: MockRequest): Endpoint | undefined {
  const path = pathOf(request)
  if (request.method === 'POST') return Object.hasOwn(posts, path) ? posts[path] : undefined
  if (request.method !== 'GET') return undefined
  if (path === '/models') return { name: 'models' }
  const id = path.startsWith('/models/') ? decoded(path.slice('/models/'.length)) : undefined
  return id ? { name: 'model', id } : undefined
}

/** The dialect of the answer: the Messages endpoints, and the model list when a client says which version it speaks. */
export function wireOf(request: MockRequest): Wire {
  const path = pathOf(request)
  const isMessages = path === '/messages' || path.startsWith('/messages/')
  const isModels = path === '/models' || path.startsWith('/models/')
  return isMessages || (isModels && request.headers['anthropic-version'] !== undefined)
    ? 'anthropic'
    : 'openai'
}

/** The key that a client sent, in whichever header. */
export function keyOf(request: MockRequest): string | undefined {
  const { headers } = request
  const bearer = /^bearer +(.+)$/i.exec(one(headers.authorization) ?? '')?.[1]
  return one(headers['x-api-key']) ?? bearer ?? one(headers['api-key'])
}

function pathOf(request: MockRequest): string {
  const [path = ''] = request.path.split('?', 1)
  return path.startsWith('/v1/') ? path.slice(3) : path
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function one(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0]
}
