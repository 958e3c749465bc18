import { isObject, type JsonObject } from '@llmproxy/provider-kit'
import { formFields } from './form-fields.ts'
import { chatAnswer, chatFrames, completionFrames, embeddingsAnswer, imagesAnswer } from './openai-answers.ts'
import { chatProblem, reasoningProblem } from './openai-rules.ts'
import {
  chatSchema,
  completionSchema,
  embeddingsSchema,
  imagesSchema,
  schemaProblem,
} from './openai-schemas.ts'
import type { SimulatedAnswer, SimulatedRequest, SimulatedRoute, Violation } from './simulator.ts'

/** A vendor that speaks OpenAI's format whole, and what is its own. */
export interface OpenaiVendor {
  /** Where an operation such as `/chat/completions` is. */
  path(operation: string): string | RegExp
  /** What else is wrong with a request; asked before its body is looked at. */
  check?(request: SimulatedRequest): Violation | string | undefined
  /** Whether the model that a request is for reasons. */
  reasons?(request: SimulatedRequest): boolean
  /** The vendor's own members in an answer or a frame. */
  touch?(answer: JsonObject, request: SimulatedRequest): JsonObject
  /** What a chat stream begins with. */
  preamble?(request: SimulatedRequest): readonly JsonObject[]
}

/** The routes of chat, legacy completions, embeddings and images; for videos see `videoRoutes()`. */
export function openaiRoutes(vendor: OpenaiVendor): SimulatedRoute[] {
  const touch = (answer: JsonObject, request: SimulatedRequest) => vendor.touch?.(answer, request) ?? answer
  const route = (
    operation: string,
    problem: (body: unknown, request: SimulatedRequest) => string | undefined,
    answer: (body: JsonObject, request: SimulatedRequest) => SimulatedAnswer,
  ): SimulatedRoute => ({
    method: 'POST',
    path: vendor.path(operation),
    check: (request) => vendor.check?.(request) ?? problem(request.body, request),
    answer: (request) => answer(request.body as JsonObject, request),
  })
  return [
    route('/chat/completions', chatProblems(vendor), (body, request) =>
      body['stream'] === true
        ? streamed(
            [...(vendor.preamble?.(request) ?? []), ...chatFrames(body)].map((one) => touch(one, request)),
          )
        : { json: touch(chatAnswer(body), request) },
    ),
    route(
      '/completions',
      (body) => schemaProblem(completionSchema, body),
      (body, request) => {
        const frames = completionFrames(body).map((one) => touch(one, request))
        return body['stream'] === true ? streamed(frames) : { json: frames[0] }
      },
    ),
    route(
      '/embeddings',
      (body) => schemaProblem(embeddingsSchema, body),
      (body) => ({
        json: embeddingsAnswer(body),
      }),
    ),
    route('/images/generations', imagesProblem, (body) => ({ json: imagesAnswer(body) })),
  ]
}

function chatProblems(vendor: OpenaiVendor) {
  return (body: unknown, request: SimulatedRequest): string | undefined =>
    schemaProblem(chatSchema, body) ??
    chatProblem(body) ??
    (vendor.reasons?.(request) === true ? reasoningProblem(body) : undefined)
}

function imagesProblem(body: unknown): string | undefined {
  const problem = schemaProblem(imagesSchema, body)
  const always64 = isObject(body) && String(body['model']).startsWith('gpt-image-')
  if (problem !== undefined || !always64 || body['response_format'] === undefined) return problem
  return "Unknown parameter: 'response_format'."
}

function streamed(frames: readonly JsonObject[]): SimulatedAnswer {
  return { pieces: [...frames.map((frame) => `data: ${JSON.stringify(frame)}\n\n`), 'data: [DONE]\n\n'] }
}

/** The routes of a vendor that makes videos as jobs: one that is queued first, in progress once, and completed then. */
export function videoRoutes(
  path: string,
  check: (request: SimulatedRequest) => Violation | string | undefined = () => undefined,
): SimulatedRoute[] {
  const jobs = new Map<string, JsonObject>()
  const known = (request: SimulatedRequest) =>
    check(request) ??
    (jobs.has(idOf(request)) ? undefined : { status: 404, message: `no video ${idOf(request)}` })
  const idOf = (request: SimulatedRequest) => request.path.slice(path.length + 1).split('/')[0] ?? ''
  return [
    {
      method: 'POST',
      path,
      check: (request) => check(request) ?? videoProblem(request),
      answer(request) {
        const { model, seconds, size } = formFields(request) ?? {}
        const job: JsonObject = {
          id: `video_${jobs.size + 1}`,
          object: 'video',
          status: 'queued',
          progress: 0,
          created_at: 1_760_000_000,
          model: model?.text,
          seconds: seconds?.text ?? '4',
          size: size?.text ?? '720x1280',
          error: null,
        }
        jobs.set(String(job['id']), job)
        return { json: job }
      },
    },
    {
      method: 'GET',
      path: new RegExp(`^${path}/[^/]+$`),
      check: known,
      answer(request) {
        const job = jobs.get(idOf(request))!
        const answer = { ...job }
        job['status'] = job['status'] === 'queued' ? 'in_progress' : 'completed'
        return { json: answer }
      },
    },
    {
      method: 'GET',
      path: new RegExp(`^${path}/[^/]+/content$`),
      check: (request) =>
        known(request) ??
        (jobs.get(idOf(request))?.['status'] === 'completed' ? undefined : 'the video is not ready'),
      answer: () => ({ headers: { 'content-type': 'video/mp4' }, pieces: [Buffer.from([0, 1, 2, 255])] }),
    },
  ]
}

const videoFields: ReadonlySet<string> = new Set(['prompt', 'model', 'seconds', 'size', 'input_reference'])

function videoProblem(request: SimulatedRequest): string | undefined {
  const fields = formFields(request)
  if (fields === undefined) return 'the body is no multipart form'
  const unknown = Object.keys(fields).find((name) => !videoFields.has(name))
  if (unknown !== undefined) return `Unknown parameter: '${unknown}'.`
  for (const required of ['prompt', 'model']) {
    if ((fields[required]?.text ?? '') === '') return `Missing required parameter: '${required}'.`
  }
  const { seconds, input_reference } = fields
  if (seconds !== undefined && !['4', '8', '12'].includes(seconds.text)) return `Invalid value: 'seconds'.`
  return input_reference !== undefined && input_reference.filename === undefined
    ? 'input_reference is no file'
    : undefined
}
