import { definePlugin, keyHeader, type Provider, withFunctionCalls } from '@llmproxy/provider-kit'
import { embeddings } from './embeddings.ts'
import { contentFault, keyVerdict } from './fault.ts'
import { models } from './model-list.ts'
import { type Options, options } from './options.ts'
import { contentRequest } from './request.ts'
import { completionOf } from './response.ts'
import { contentDecoder } from './stream.ts'

/** Gemini models over `generateContent`, translated from and to OpenAI chat. */
export default definePlugin({
  type: 'gemini',
  options,
  example: { models: ['gemini-*'] },
  create,
})

function create(settings: Options): Provider {
  return {
    baseUrl: withVersion(settings.base_url),
    operations: {
      chat: {
        request: (call) => contentRequest(call, settings),
        ...withFunctionCalls({ response: completionOf, stream: contentDecoder }),
      },
      embeddings,
    },
    authorize: keyHeader('x-goog-api-key', settings.api_key),
    fault: contentFault,
    health: { request: () => ({ method: 'GET', path: '/models?pageSize=1' }), verdict: keyVerdict },
    models,
  }
}

/** A URL that does not end with a version gets the current one. */
function withVersion(url: string): string {
  return /\/v\d[a-z0-9]*$/.test(url) ? url : `${url}/v1beta`
}
