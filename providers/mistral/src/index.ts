import { bearer, definePlugin, modelIds, modelWindows, type Provider } from '@llmproxy/provider-kit'
import { embeddingsOf, embeddingsRequest } from './embeddings.ts'
import { mistralFault } from './fault.ts'
import { type Options, options } from './options.ts'
import { chatRequest } from './request.ts'
import { answers } from './response.ts'

const models = ['mistral-*', 'ministral-*', 'magistral-*', 'codestral-*', 'pixtral-*', 'open-mistral-*']

/** Mistral's own API: OpenAI's format with differences in both directions. */
export default definePlugin({ type: 'mistral', options, example: { models }, create })

function create(settings: Options): Provider {
  return {
    baseUrl: settings.base_url,
    operations: {
      chat: { request: (call) => chatRequest(call, settings), ...answers },
      embeddings: { request: embeddingsRequest, response: embeddingsOf },
    },
    authorize: bearer(settings.api_key),
    fault: mistralFault,
    health: { request: () => ({ method: 'GET', path: '/models' }) },
    models: {
      request: () => ({ method: 'GET', path: '/models' }),
      response: modelIds,
      windows: modelWindows({ members: ['max_context_length'] }),
    },
  }
}
