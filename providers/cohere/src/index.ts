import {
  bearer,
  definePlugin,
  type Operations,
  type Provider,
  withFunctionCalls,
} from '@llmproxy/provider-kit'
import { embeddings } from './embeddings.ts'
import { cohereFault } from './fault.ts'
import { generate } from './generate.ts'
import { modelList } from './models.ts'
import { type Options, options } from './options.ts'
import { chatRequest } from './request.ts'
import { completionOf } from './response.ts'
import { chatDecoder } from './stream.ts'

/** Cohere over its second API, or over the old one that knows prompts only. */
export default definePlugin({
  type: 'cohere',
  options,
  example: { models: ['command-*', 'embed-*'] },
  create,
})

type Headers = Readonly<Record<string, string>>

function create(settings: Options): Provider {
  const name = settings.client_name
  const headers: Headers = name === undefined ? {} : { 'x-client-name': name }
  const old = settings.api === 'generate'
  return {
    baseUrl: settings.base_url,
    operations: old ? { chat: generate(headers) } : currentOperations(settings, headers),
    ...(old && { supports: { tools: false, images: false, json_schema: false } }),
    authorize: bearer(settings.api_key),
    fault: cohereFault,
    health: { request: () => ({ method: 'GET', path: '/v1/models?page_size=1', headers }) },
    models: modelList(old ? ['generate'] : ['chat', 'embed'], headers),
  }
}

function currentOperations(settings: Options, headers: Headers): Operations {
  return {
    chat: {
      request: (call) => ({ ...chatRequest(call), headers }),
      ...withFunctionCalls({ response: completionOf, stream: chatDecoder }),
    },
    embeddings: embeddings(settings, headers),
  }
}
