import {
  badResponse,
  type Call,
  type FollowUp,
  isObject,
  type JsonObject,
  kindOf,
  type Operation,
  type ProviderFault,
  refuse,
  type UpstreamRequest,
  type VideoRequest,
  type VideoResponse,
} from '@llmproxy/provider-kit'
import { nearestRatio, sizeOf } from './aspect-ratio.ts'
import { inBandFault } from './fault.ts'
import { moderated } from './images.ts'

const same: ReadonlySet<string> = new Set(['prompt', 'duration', 'aspect_ratio', 'resolution', 'image'])
const jobPath = '/videos/'
const resolutions: readonly number[] = [480, 720, 1080]

/** Videos: a job, asked for every `intervalMs` milliseconds until it is done. */
export function videos(intervalMs: number): Operation<VideoRequest, VideoResponse, never> {
  return {
    request: videoRequest,
    follow(body, _call, asked): FollowUp | undefined {
      if (!isObject(body)) return undefined
      const { request_id: id, status } = body
      if (status === 'failed' || status === 'expired') throw failed(body)
      if (status === 'done' || isObject(body['video'])) return undefined
      if (typeof id === 'string' && id !== '')
        return { request: { method: 'GET', path: jobPath + encodeURIComponent(id) }, afterMs: intervalMs }
      // The vendor names the job once, in its first answer; the later ones tell how it goes and not of which.
      return asked === undefined ? undefined : { request: asked, afterMs: intervalMs }
    },
    response: videoOf,
  }
}

function videoRequest(call: Call<VideoRequest>): UpstreamRequest {
  const body: JsonObject = { model: call.model }
  for (const [name, value] of Object.entries(call.body)) {
    if (name === 'model' || name === 'stream' || value === undefined || value === null) continue
    if (same.has(name)) body[name] = value
    else if (name === 'seconds') body['duration'] ??= secondsOf(value)
    else if (name === 'input_reference') body['image'] ??= pictureOf(value)
    else if (name === 'size') Object.assign(body, shapeOf(call), { ...body })
    else if ((name === 'n' && value === 1) || (name === 'response_format' && value === 'url')) continue
    else if (name === 'n') throw refuse('n', 'one request gives one video')
    else call.dropped(name)
  }
  return { path: '/videos/generations', body }
}

function secondsOf(value: unknown): number {
  const seconds = Number(value)
  if (!Number.isFinite(seconds) || seconds <= 0)
    throw refuse('seconds', `must be a number of seconds, found ${kindOf(value)}`)
  return seconds
}

/** A shape and a resolution; reported unless they are exactly the size that was asked for. */
function shapeOf(call: Call<VideoRequest>): JsonObject {
  const size = sizeOf(call.body['size'])
  if (size === undefined) {
    if (call.body['size'] !== 'auto') call.dropped('size')
    return {}
  }
  const lines = Math.min(size.width, size.height)
  const nearest = resolutions.reduce((best, each) =>
    Math.abs(each - lines) < Math.abs(best - lines) ? each : best,
  )
  const ratio = nearestRatio(size)
  const [across = 1, down = 1] = ratio.split(':').map(Number)
  if (nearest !== lines || size.width * down !== size.height * across) call.dropped('size')
  return { aspect_ratio: ratio, resolution: `${nearest}p` }
}

function pictureOf(value: unknown): JsonObject {
  const inner: unknown = isObject(value) ? (value['image_url'] ?? value['url']) : value
  const url: unknown = isObject(inner) ? inner['url'] : inner
  if (typeof url !== 'string' || url === '')
    throw refuse('input_reference', 'must be the URL of a picture, or {"image_url": …}')
  return { url }
}

function failed(body: JsonObject): ProviderFault {
  const { error, status } = body
  const said = isObject(error) ? error : { message: `the video job ended as "${String(status)}"` }
  const answer = { error: said, code: isObject(error) ? error['code'] : undefined }
  return inBandFault(answer)
}

function videoOf(body: unknown, call: Call<VideoRequest>, asked?: UpstreamRequest): VideoResponse {
  const answer = isObject(body) ? body : {}
  const { video, model } = answer
  const job = asked?.path.startsWith(jobPath) === true ? asked.path.slice(jobPath.length) : undefined
  if (!isObject(video)) throw badResponse('there is no video in it')
  if (video['respect_moderation'] === false) throw moderated()
  if (typeof video['url'] !== 'string') throw badResponse('the video has no URL')
  return {
    ...answer,
    id: job === undefined ? `video_${call.id}` : decodeURIComponent(job),
    object: 'video',
    created: call.created,
    model: typeof model === 'string' && model !== '' ? model : call.model,
    status: 'completed',
    progress: 100,
    ...(typeof video['duration'] === 'number' && { seconds: String(video['duration']) }),
    data: [{ url: video['url'] }],
  }
}
