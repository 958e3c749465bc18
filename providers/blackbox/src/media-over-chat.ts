import { badResponse, type Call, isObject, ProviderFault, type UpstreamRequest } from '@llmproxy/provider-kit'
import { answers } from './response.ts'

/** What pictures and videos have in common: a prompt. */
interface MediaRequest {
  readonly model: string
  readonly prompt: string
  readonly [member: string]: unknown
}

interface MediaItem {
  url?: string
  b64_json?: string
  [member: string]: unknown
}

interface MediaAnswer {
  created: number
  data: MediaItem[]
  [member: string]: unknown
}

/** Values of members that ask for what happens anyway. */
const usual: Readonly<Record<string, unknown>> = {
  size: 'auto',
  quality: 'auto',
  response_format: 'url',
  user: '',
  n: 1,
}

/** The prompt as the only message of a chat. */
export function mediaRequest(call: Call<MediaRequest>, path: string): UpstreamRequest {
  return { path, body: { model: call.model, messages: [{ role: 'user', content: call.body.prompt }] } }
}

/** Reports the members that are not `sent` and ask for something. */
export function reportDropped(call: Call<MediaRequest>, sent: readonly string[]): void {
  for (const [name, value] of Object.entries(call.body)) {
    if (sent.includes(name) || value === undefined || value === null || value === usual[name]) continue
    call.dropped(name)
  }
}

/** The address that is the whole answer of an image or video model. Throws a `ProviderFault` when it is anything else. */
export function mediaUrl(body: unknown, call: Call<MediaRequest>): { created: number; url: string } {
  const { model, prompt } = call.body
  const asked = { model, messages: [{ role: 'user' as const, content: prompt }] }
  const { created, choices } = answers.response(body, { ...call, body: asked, dropped: () => undefined })
  const [choice] = choices
  if (choice?.finish_reason === 'content_filter') {
    throw new ProviderFault({ kind: 'content_filter', message: 'the upstream’s filter stopped the request' })
  }
  const text = choice?.message.content
  const url = typeof text === 'string' ? text.trim() : ''
  if (!/^https:\/\/\S+$/i.test(url) || !URL.canParse(url))
    throw badResponse('its content is not a single https URL')
  return { created, url }
}

/** An answer that is in OpenAI’s form already, checked. Throws a `ProviderFault` when a picture or video is nowhere to be had. */
export function mediaAnswer(body: unknown, call: Call): MediaAnswer {
  if (!isObject(body) || !Array.isArray(body['data']) || body['data'].length === 0)
    throw badResponse('no array named "data"')
  const data = body['data'].map((item: unknown) => {
    if (isObject(item) && (isText(item['url']) || isText(item['b64_json']))) return item
    throw badResponse('an item of "data" has no url')
  })
  const created = typeof body['created'] === 'number' ? body['created'] : call.created
  return { ...body, created, data }
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}
