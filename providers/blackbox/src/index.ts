import {
  bearer,
  type Call,
  type ChatRequest,
  definePlugin,
  modelIds,
  type Operations,
  type Provider,
} from '@llmproxy/provider-kit'
import { blackboxFault } from './fault.ts'
import { health } from './health.ts'
import { images, imagesOverChat } from './images.ts'
import { type Options, options } from './options.ts'
import { chatRequest, wholeChatRequest } from './request.ts'
import { answers } from './response.ts'
import { videos, videosOverChat } from './videos.ts'

export default definePlugin({ type: 'blackbox', options, example: { models: ['blackboxai/*'] }, create })

function create(settings: Options): Provider {
  const root = settings.base_url.replace(/\/v1$/, '')
  return {
    baseUrl: root,
    authorize: bearer(settings.api_key),
    operations: operationsOf(settings.api, settings.base_url === root ? '' : '/v1'),
    fault: blackboxFault,
    health: health(settings.health_path),
    models: { request: () => ({ method: 'GET', path: '/v1/models' }), response: modelIds },
  }
}

/** `prefix` stands in front of the current paths, which have no version unless the configured address has one. */
function operationsOf(api: Options['api'], prefix: string): Operations {
  if (api === 'openai-images') {
    // Without `stream` beside it: the format has none.
    const request = (call: Call<ChatRequest>) => wholeChatRequest(call, '/v1/chat/completions')
    return { chat: { request, response: answers.response }, images, videos }
  }
  const path = `${prefix}/chat/completions`
  const chat = { request: (call: Call<ChatRequest>) => chatRequest(call, path), ...answers }
  return { chat, images: imagesOverChat(path), videos: videosOverChat(path) }
}
