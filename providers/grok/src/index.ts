import {
  bearer,
  definePlugin,
  modelIds,
  type Operations,
  type Provider,
  withFunctionCalls,
} from '@llmproxy/provider-kit'
import { complete } from './complete.ts'
import { completions } from './completions.ts'
import { embeddings } from './embeddings.ts'
import { grokFault } from './fault.ts'
import { health } from './health.ts'
import { images } from './images.ts'
import { type Options, options } from './options.ts'
import { chatRequest } from './request.ts'
import { completionOf } from './response.ts'
import { chunkDecoder } from './stream.ts'
import { videos } from './videos.ts'

/** xAI's Grok models, over chat completions or the specification's format. */
export default definePlugin({
  type: 'grok',
  aliases: ['xai'],
  options,
  example: { models: ['grok-*'] },
  create,
})

const chat: NonNullable<Operations['chat']> = {
  request: chatRequest,
  ...withFunctionCalls({ response: completionOf, stream: chunkDecoder }),
}

function create(settings: Options): Provider {
  const common = {
    baseUrl: settings.base_url,
    authorize: bearer(settings.api_key),
    fault: grokFault,
    health,
    models: { request: () => ({ method: 'GET' as const, path: '/models' }), response: modelIds },
  }
  if (settings.api === 'complete') {
    const supports = { tools: false, images: false, json_schema: false }
    return { ...common, supports, operations: { chat: complete(settings) } }
  }
  return {
    ...common,
    operations: {
      chat,
      images,
      videos: videos(settings.video_poll_interval * 1000),
      ...(settings.completions === 'native' && { completions: completions(chat) }),
      ...(settings.embeddings && { embeddings }),
    },
  }
}
