import type {
  BinaryAnswer,
  Call,
  FollowUp,
  FormFile,
  HeaderMap,
  Operation,
  UpstreamRequest,
} from './contract.ts'
import { parseDataUrl } from './data-url.ts'
import { ProviderFault } from './fault.ts'
import { isObject, type JsonObject } from './frame-rules-shape.ts'
import { openaiFault } from './openai-fault.ts'
import { badResponse, kindOf, refuse } from './refusals.ts'
import type { VideoRequest, VideoResponse } from './wire.ts'

export interface VideoJobs {
  /** Where jobs are made, and asked for below it. Default: `/videos`. */
  readonly path?: string
  /** Behind every path, such as `?version=1`. */
  readonly query?: string
  readonly headers?: HeaderMap
  /** Milliseconds between two questions about a job. */
  readonly intervalMs: number
  /** The model to name. Default: that of the call. */
  readonly model?: (call: Call<VideoRequest>) => string
}

/**
 * Videos of a vendor that takes a form, answers with a job, and has the file when the job is completed. The client gets
 * `{created, data: [{b64_json, mime_type}]}` and the members of the job. Throws a `ProviderFault` of kind `invalid_request` for
 * `n` above 1 and for a reference picture that is not in the request itself.
 */
export function videoJobs(vendor: VideoJobs): Operation<VideoRequest, VideoResponse, never> {
  const { path = '/videos', query = '', headers } = vendor
  const read = (below: string): UpstreamRequest => ({
    method: 'GET',
    path: `${path}/${below}${query}`,
    ...(headers && { headers }),
  })
  return {
    request: (call) => ({
      path: path + query,
      ...(headers && { headers }),
      form: formOf(call, vendor.model?.(call) ?? call.model),
    }),
    follow: (body) => {
      const job = jobOf(body)
      const id = encodeURIComponent(job.id)
      if (job.status === 'completed') return { request: read(`${id}/content`), afterMs: 0, binary: true }
      return { request: read(id), afterMs: vendor.intervalMs } satisfies FollowUp
    },
    response: (body, call) => videoOf(body, call),
  }
}

/** The members of the form; each of the client's others asks for nothing, or is reported. */
function formOf(call: Call<VideoRequest>, model: string): Record<string, string | FormFile> {
  const form: Record<string, string | FormFile> = { model }
  for (const [name, value] of Object.entries(call.body)) {
    if (value === undefined || value === null || name === 'model' || name === 'stream') continue
    if (name === 'prompt' || name === 'size') form[name] = textOf(name, value)
    else if (name === 'seconds') form[name] = String(numberOf(name, value))
    else if (name === 'input_reference') form[name] = pictureOf(value)
    else if (name === 'n' && value !== 1) throw refuse('n', 'one request gives one video')
    else if (name !== 'n' && !(name === 'response_format' && value === 'b64_json')) call.dropped(name)
  }
  return form
}

function textOf(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  throw refuse(name, `must be a string, found ${kindOf(value)}`)
}

function numberOf(name: string, value: unknown): string | number {
  if (typeof value === 'string' || typeof value === 'number') return value
  throw refuse(name, `must be a number of seconds, found ${kindOf(value)}`)
}

const extensions: Readonly<Record<string, string>> = { 'image/jpeg': 'jpg', 'video/quicktime': 'mov' }

function pictureOf(value: unknown): FormFile {
  const inner: unknown = isObject(value) ? (value['image_url'] ?? value['url']) : value
  const url: unknown = isObject(inner) ? inner['url'] : inner
  const parsed = typeof url === 'string' ? parseDataUrl(url) : undefined
  if (parsed === undefined || !parsed.base64)
    throw refuse('input_reference', 'must be a data URL in base64: the vendor takes the file itself')
  const { mediaType, data } = parsed
  const extension = extensions[mediaType] ?? mediaType.split('/')[1] ?? 'bin'
  return { filename: `reference.${extension}`, mediaType, bytes: Buffer.from(data, 'base64') }
}

/** Words for a job that will never have a file. */
const failures: ReadonlySet<unknown> = new Set(['failed', 'cancelled', 'canceled', 'expired'])

function jobOf(body: unknown): JsonObject & { readonly id: string } {
  if (!isObject(body) || typeof body['id'] !== 'string' || body['id'] === '')
    throw badResponse('a video job has no id')
  throwFailure(body)
  return body as JsonObject & { readonly id: string }
}

function throwFailure({ error, status }: JsonObject): void {
  if (failures.has(status) || isObject(error)) throw failed(error, status)
}

function failed(error: unknown, status: unknown): ProviderFault {
  const body = { error: isObject(error) ? error : { message: `the video job ended as "${String(status)}"` } }
  return new ProviderFault(
    openaiFault({ status: 200, headers: {}, body, text: JSON.stringify(body), inBand: true }),
  )
}

function noFile(base64: string, mediaType: string | undefined): ProviderFault {
  try {
    const body: unknown = JSON.parse(Buffer.from(base64, 'base64').toString())
    if (isObject(body)) throwFailure(body)
  } catch (error) {
    if (ProviderFault.is(error)) return error
  }
  return badResponse(`the video is not a file but ${mediaType}`)
}

function videoOf(body: unknown, call: Call): VideoResponse {
  if (isObject(body)) throwFailure(body)
  const { mediaType, base64, job } = isObject(body) ? (body as Partial<BinaryAnswer>) : {}
  if (typeof base64 !== 'string' || base64 === '') throw badResponse('the video is not a file')
  // An error with status 200 comes as a file, too.
  if (/^text\/|\bjson\b/.test(mediaType ?? '')) throw noFile(base64, mediaType)
  const own = isObject(job) ? job : {}
  const created = own['created_at']
  return {
    ...own,
    created: typeof created === 'number' ? Math.floor(created) : call.created,
    data: [{ b64_json: base64, mime_type: mediaType ?? 'video/mp4' }],
  }
}
