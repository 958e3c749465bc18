import {
  badResponse,
  type BinaryAnswer,
  type FollowUp,
  type HeaderMap,
  isObject,
  type JsonObject,
  type Operation,
  ProviderFault,
  redactKeys,
  type VideoRequest,
  type VideoResponse,
} from '@llmproxy/provider-kit'

const unfinished: ReadonlySet<unknown> = new Set(['pending', 'in_progress', 'queued'])
const failures: ReadonlySet<unknown> = new Set(['failed', 'cancelled', 'expired'])

/** Videos: the vendor answers with a job, which is asked about every `pollMs` milliseconds until it has ended. */
export function videos(headers: HeaderMap, pollMs: number): Operation<VideoRequest, VideoResponse, never> {
  return {
    request: ({ body }) => ({
      path: '/videos',
      headers,
      ...(Object.hasOwn(body, 'stream') && { patch: { stream: undefined } }),
    }),
    follow: (body) => nextStep(body, headers, pollMs),
    response: (body, call) => {
      const { base64, mediaType, job } = isBinary(body) ? body : { job: body }
      const { unsigned_urls: _urls, polling_url: _polling, ...rest } = isObject(job) ? job : {}
      const created = typeof rest['created'] === 'number' ? rest['created'] : call.created
      if (base64 !== undefined && !isVideo(base64, mediaType)) throw badResponse('the video is not a file')
      if (base64 !== undefined)
        return { ...rest, created, data: [{ b64_json: base64, mime_type: mediaType }] }
      if (failures.has(rest['status'])) throw failed(rest)
      const urls = urlsOf(jobOf(job))
      if (urls.length === 0) throw badResponse('the video has no unsigned_urls')
      return { ...rest, created, data: urls.map((url) => ({ url })) }
    },
  }
}

/** Never `polling_url`: where the key goes is said by the configuration, not by an answer. */
function nextStep(body: unknown, headers: HeaderMap, pollMs: number): FollowUp | undefined {
  const job = jobOf(body)
  const { id, status } = job
  if (failures.has(status)) throw failed(job)
  if (urlsOf(job).length > 0) return undefined
  if (typeof id !== 'string' || id === '') throw badResponse('the video job has no id')
  const path = `/videos/${encodeURIComponent(id)}`
  if (status === 'completed') {
    return { request: { method: 'GET', path: `${path}/content`, headers }, afterMs: 0, binary: true }
  }
  if (!unfinished.has(status)) throw badResponse('the video job has a status that is not known')
  return { request: { method: 'GET', path, headers }, afterMs: pollMs }
}

function failed({ status, error }: JsonObject): ProviderFault {
  const said = isObject(error) ? error['message'] : error
  const reason = typeof said === 'string' && said !== '' ? said : `the job is ${String(status)}`
  return new ProviderFault({ kind: 'upstream', message: redactKeys(`the video was not made: ${reason}`) })
}

function jobOf(body: unknown): JsonObject {
  if (!isObject(body)) throw badResponse('the video job is not a JSON object')
  return body
}

function urlsOf(job: JsonObject): string[] {
  const urls = job['unsigned_urls']
  return Array.isArray(urls) ? urls.filter((url): url is string => typeof url === 'string' && url !== '') : []
}

/** A text in the place of the file is news of something else, such as an error. */
function isVideo(base64: string, mediaType = ''): boolean {
  return base64 !== '' && !/^text\/|^application\/(?:json|problem\+json|xml)$/.test(mediaType)
}

function isBinary(body: unknown): body is BinaryAnswer {
  return isObject(body) && typeof body['base64'] === 'string' && typeof body['mediaType'] === 'string'
}
