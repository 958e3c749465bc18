import { bearer, definePlugin, openaiCompatible, type Provider } from '@llmproxy/provider-kit'
import { chatFault } from './fault.ts'
import { type Options, options } from './options.ts'
import { chatRequest } from './request.ts'
import { answers } from './response.ts'

/** DeepSeek's models: OpenAI's format with differences on both sides. */
export default definePlugin({ type: 'deepseek', options, example: { models: ['deepseek-*'] }, create })

function create(options: Options): Provider {
  const { api_key: key, base_url: baseUrl } = options
  const supports = { images: false }
  return {
    ...openaiCompatible({ baseUrl, authorize: bearer(key), operations: [], supports, fault: chatFault }),
    operations: { chat: { request: (call) => chatRequest(call, options), ...answers } },
  }
}
