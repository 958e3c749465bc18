import { bearer, definePlugin, modelIds, type Provider } from '@llmproxy/provider-kit'
import { completions } from './completions.ts'
import { embeddings } from './embeddings.ts'
import { ollamaFault } from './fault.ts'
import { nativeChat } from './native/chat.ts'
import { type Options, options } from './options.ts'
import { chatRequest } from './request.ts'
import { answers } from './response.ts'

/** Models of an Ollama server, over its OpenAI layer or its own chat API. */
export default definePlugin({
  type: 'ollama',
  options,
  example: { enabled: false, models: ['llama3.2'] },
  create,
})

function create(settings: Options): Provider {
  return {
    // The paths of both layers contain their prefix.
    baseUrl: settings.base_url.replace(/\/v1$/, ''),
    operations: {
      chat: settings.api === 'native' ? nativeChat(settings) : { request: chatRequest, ...answers },
      completions,
      embeddings,
    },
    authorize: bearer(settings.api_key),
    fault: ollamaFault,
    health: { request: () => ({ method: 'GET', path: '/api/version' }) },
    models: { request: () => ({ method: 'GET', path: '/v1/models' }), response: modelIds },
  }
}
