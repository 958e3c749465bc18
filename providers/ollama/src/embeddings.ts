import {
  type Call,
  type EmbeddingsRequest,
  type EmbeddingsResponse,
  kindOf,
  type Operation,
  refuse,
  type UpstreamRequest,
} from '@llmproxy/provider-kit'

/** Embeddings are relayed; the server takes texts only, and does not know end users. */
export const embeddings: Operation<EmbeddingsRequest, EmbeddingsResponse, never> = {
  request: embeddingsRequest,
}

function embeddingsRequest(call: Call<EmbeddingsRequest>): UpstreamRequest {
  const { input, user } = call.body
  const inputs: readonly unknown[] = Array.isArray(input) ? input : [input]
  const position = inputs.findIndex((text) => typeof text !== 'string')
  if (position !== -1) {
    const path = Array.isArray(input) ? `input[${position}]` : 'input'
    throw refuse(path, `must be a text: this provider takes no tokens, found ${kindOf(inputs[position])}`)
  }
  if (user) call.dropped('user')
  return { path: '/v1/embeddings', ...(user !== undefined && { patch: { user: undefined } }) }
}
