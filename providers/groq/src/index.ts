import { bearer, definePlugin, openaiCompatible, type Provider } from '@llmproxy/provider-kit'
import { chatFault } from './fault.ts'
import { type Options, options } from './options.ts'
import { chatRequest } from './request.ts'
import { answers } from './response.ts'

const models = ['llama-3.3-70b-versatile', 'llama-3.1-8b-instant', 'openai/gpt-oss-120b', 'qwen/qwen3-32b']

/** Open models on Groq: OpenAI's format with differences on both sides. */
export default definePlugin({ type: 'groq', options, example: { models }, create })

function create({ api_key: key, base_url: baseUrl }: Options): Provider {
  return {
    ...openaiCompatible({
      baseUrl,
      authorize: bearer(key),
      operations: [],
      fault: chatFault,
      windows: ['context_window'],
    }),
    operations: { chat: { request: chatRequest, ...answers } },
  }
}
