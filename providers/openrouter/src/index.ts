import {
  bearer,
  definePlugin,
  type HeaderMap,
  modelIds,
  modelWindows,
  type Provider,
} from '@llmproxy/provider-kit'
import { completions } from './completions.ts'
import { embeddings } from './embeddings.ts'
import { openrouterFault } from './fault.ts'
import { health } from './health.ts'
import { images } from './images.ts'
import { type Options, options } from './options.ts'
import { rateLimits } from './rate-limits.ts'
import { chatRequest } from './request.ts'
import { answers } from './response.ts'
import { videos } from './videos.ts'

/** Names begin with a vendor's; these vendors are no providers of their own, for whose names the patterns could be taken. */
const models = ['openrouter/auto', 'meta-llama/*', 'qwen/*']

export default definePlugin({ type: 'openrouter', options, example: { models }, create })

function create(settings: Options): Provider {
  const headers = attribution(settings)
  return {
    baseUrl: settings.base_url,
    authorize: bearer(settings.api_key),
    operations: {
      chat: { request: (call) => chatRequest(call, headers), ...answers },
      ...(settings.completions === 'native' && { completions: completions(headers) }),
      embeddings: embeddings(headers),
      images: images(headers),
      videos: videos(headers, settings.video_poll_interval * 1000),
    },
    fault: openrouterFault,
    rateLimits,
    health,
    models: {
      request: () => ({ method: 'GET', path: '/models' }),
      response: modelIds,
      windows: modelWindows({ members: ['context_length', 'top_provider.context_length'] }),
    },
  }
}

/** Who asks: optional, and the same for every request. */
function attribution({ site_url, app_name }: Options): HeaderMap {
  return {
    ...(site_url !== undefined && { 'http-referer': site_url }),
    ...(app_name !== undefined && { 'x-openrouter-title': app_name }),
  }
}
