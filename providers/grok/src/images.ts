import {
  badResponse,
  type Call,
  type ImageRequest,
  type ImageResponse,
  isObject,
  type JsonObject,
  type Operation,
  ProviderFault,
  type UpstreamRequest,
} from '@llmproxy/provider-kit'
import { nearestRatio, sizeOf } from './aspect-ratio.ts'

/** Members that the vendor has under the same name. */
const same: ReadonlySet<string> = new Set([
  'prompt',
  'n',
  'response_format',
  'aspect_ratio',
  'resolution',
  'quality',
  'user',
])

/** Values that ask for what happens anyway. */
const usual: Readonly<Record<string, readonly unknown[]>> = {
  size: ['auto'],
  quality: ['auto', 'standard'],
  background: ['auto'],
  moderation: ['auto'],
  partial_images: [0],
}

/** Pictures: the vendor has shapes, not sizes. */
export const images: Operation<ImageRequest, ImageResponse, never> = {
  request: imageRequest,
  response: imagesOf,
}

function imageRequest(call: Call<ImageRequest>): UpstreamRequest {
  const body: JsonObject = { model: call.model }
  for (const [name, value] of Object.entries(call.body)) {
    if (name === 'model' || name === 'stream' || value === undefined || value === null) continue
    if (usual[name]?.includes(value) === true) continue
    if (same.has(name)) body[name] = value
    else call.dropped(name)
  }
  const size = sizeOf(call.body.size)
  if (size !== undefined && body['aspect_ratio'] === undefined) body['aspect_ratio'] = nearestRatio(size)
  return { path: '/images/generations', body }
}

function imagesOf(body: unknown, call: Call<ImageRequest>): ImageResponse {
  const answer = isObject(body) ? body : {}
  const { data, created } = answer
  if (!Array.isArray(data)) throw badResponse('there is no array named "data"')
  const allowed = data.filter(isObject).filter((item) => item['respect_moderation'] !== false)
  if (allowed.length === 0 && data.length > 0) throw moderated()
  const shown = allowed.filter(
    (item) => typeof item['url'] === 'string' || typeof item['b64_json'] === 'string',
  )
  if (shown.length === 0) throw badResponse('there is no picture in it')
  return {
    ...answer,
    created: typeof created === 'number' && created >= 1 ? Math.floor(created) : call.created,
    data: shown,
  }
}

/** The vendor made something, and its own moderation took it away. */
export function moderated(): ProviderFault {
  return new ProviderFault({
    kind: 'content_filter',
    message: 'the upstream’s moderation holds the result back',
    code: 'content_policy_violation',
  })
}
