import { bearer, definePlugin, modelIds, type Operations, type Provider } from '@llmproxy/provider-kit'
import { chat, wholeChat } from './chat.ts'
import { blackboxFault } from './fault.ts'
import { health } from './health.ts'
import { images, imagesOverChat } from './images.ts'
import { type Options, options } from './options.ts'
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
  if (api === 'openai-images') return { chat: wholeChat('/v1/chat/completions'), images, videos }
  const path = `${prefix}/chat/completions`
  return { chat: chat(path), images: imagesOverChat(path), videos: videosOverChat(path) }
}
