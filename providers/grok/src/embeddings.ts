import type { EmbeddingsRequest, EmbeddingsResponse, Operation } from '@llmproxy/provider-kit'

/** Embeddings in OpenAI's form: relayed. */
export const embeddings: Operation<EmbeddingsRequest, EmbeddingsResponse, never> = {
  request: () => ({ path: '/embeddings' }),
}
