import type { EmbeddingsRequest, EmbeddingsResponse, HeaderMap, Operation } from '@llmproxy/provider-kit'

/**
 * Embeddings, relayed both ways. JSON is asked for, since the vendor may answer as a stream otherwise, and a wish for one, which
 * nobody can fulfil, is not sent.
 */
export function embeddings(headers: HeaderMap): Operation<EmbeddingsRequest, EmbeddingsResponse, never> {
  return {
    request: ({ body }) => ({
      path: '/embeddings',
      headers: { ...headers, accept: 'application/json' },
      ...(Object.hasOwn(body, 'stream') && { patch: { stream: undefined } }),
    }),
  }
}
