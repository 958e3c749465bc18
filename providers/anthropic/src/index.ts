import { bearer, definePlugin, keyHeader, modelIds, type Provider } from '@llmproxy/provider-kit'
import { messagesFault } from './fault.ts'
import { promptRequest } from './messages-prompt.ts'
import { type Options, options } from './options.ts'
import { rateLimits } from './rate-limits.ts'
import { relayedRequest } from './relayed-request.ts'
import { messagesRequest } from './request.ts'
import { completionOf } from './response.ts'
import { messageDecoder } from './stream.ts'
import { windows } from './windows.ts'

/** Claude models over the Messages API, translated from and to OpenAI chat. */
export default definePlugin({ type: 'anthropic', options, example: { models: ['claude-*'] }, create })

function create(options: Options): Provider {
  const headers = { 'anthropic-version': options.version }
  const asPrompt = options.api === 'messages-prompt'
  return {
    // Paths below contain the version; people write base URLs with and without it.
    baseUrl: options.base_url.replace(/\/v1$/, ''),
    clientHeaders: ['anthropic-beta', 'anthropic-version'],
    operations: {
      chat: {
        request: (call) => (asPrompt ? promptRequest : messagesRequest)(call, options),
        response: completionOf,
        stream: messageDecoder,
      },
      // The vendor's own dialect: the client's bytes go out, the upstream's come back.
      messages: { request: (call) => relayedRequest(call, options) },
    },
    // A conversation as one text has no last message to go on with; newer models are refused by the request.
    supports: asPrompt ? { tools: false, images: false, json_schema: false } : { continuation: true },
    authorize: options.auth === 'bearer' ? bearer(options.api_key) : keyHeader('x-api-key', options.api_key),
    fault: messagesFault,
    rateLimits,
    health: { request: () => ({ method: 'GET', path: '/v1/models?limit=1', headers }) },
    models: {
      request: () => ({ method: 'GET', path: '/v1/models?limit=1000', headers }),
      response: modelIds,
      windows,
    },
  }
}
