import type { OperationName } from '@llmproxy/provider-kit'

/** The routes that reach a model: each is also offered without `/v1`. */
export const operationPaths: Readonly<Record<OperationName, string>> = {
  chat: '/v1/chat/completions',
  completions: '/v1/completions',
  embeddings: '/v1/embeddings',
  images: '/v1/images/generations',
  videos: '/v1/videos/generations',
  messages: '/v1/messages',
}

/** `/v1/x` is offered as `/x` too. */
export function withoutVersion(path: string): readonly string[] {
  return [path, path.slice('/v1'.length)]
}

const posts = new Set(Object.values(operationPaths).flatMap(withoutVersion))
const gets = new Set(['/v1/models', '/models', '/providers', '/metrics', '/health', '/livez', '/readyz'])

/** The methods that a path takes; empty when it does not exist. */
export function methodsOf(path: string): readonly string[] {
  if (posts.has(path)) return ['POST']
  return gets.has(path) || /^(?:\/v1)?\/models\/./.test(path) ? ['GET', 'HEAD'] : []
}
