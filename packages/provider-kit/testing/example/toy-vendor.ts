import { apiKey, baseUrl, bearer, definePlugin } from '@llmproxy/provider-kit'
import { z } from 'zod'
import { toyChat } from './toy-chat.ts'

/** An invented vendor with a wire format of its own: the smallest translating provider, and what the kit is tested with. */
export default definePlugin({
  type: 'toy',
  options: z.strictObject({ api_key: apiKey(), base_url: baseUrl('https://toy.invalid/v1') }),
  create: (options) => ({
    baseUrl: options.base_url,
    operations: { chat: toyChat },
    supports: { tools: false, images: false, json_schema: false, stream_usage: true },
    authorize: bearer(options.api_key),
    health: { request: () => ({ method: 'GET', path: '/status' }) },
  }),
})
