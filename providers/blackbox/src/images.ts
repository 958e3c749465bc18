import {
  type Call,
  type ImageRequest,
  type ImageResponse,
  type Operation,
  refuse,
} from '@llmproxy/provider-kit'
import { mediaAnswer, mediaRequest, mediaUrl, reportDropped } from './media-over-chat.ts'

type Images = Operation<ImageRequest, ImageResponse, never>

/** As many as OpenAI’s API gives at once: each of them is an exchange of its own here. */
const most = 10

/** Pictures through chat: one for each exchange, so several are asked for one by one. */
export function imagesOverChat(path: string): Images {
  return {
    request(call) {
      if (countOf(call) > most) throw refuse('n', `must be at most ${most}`)
      reportDropped(call, ['model', 'prompt', 'stream', 'n'])
      return mediaRequest(call, path)
    },
    response: (body, call) => {
      const { created, url } = mediaUrl(body, call)
      return { created, data: [{ url }] }
    },
    split: (call) => {
      const count = countOf(call)
      if (count < 2 || count > most) return undefined
      return Array.from({ length: count }, () => ({ ...call.body, n: 1 }))
    },
    join: (answers, call) => ({
      created: answers[0]?.created ?? call.created,
      data: answers.flatMap(({ data }) => data),
    }),
  }
}

/** Pictures by a path of their own, in OpenAI’s words. */
export const images: Images = {
  request(call) {
    const sent = ['prompt', 'n', 'size'] as const
    reportDropped(call, ['model', 'stream', ...sent])
    const asked = sent.filter((name) => call.body[name] !== undefined && call.body[name] !== null)
    const members = Object.fromEntries(asked.map((name) => [name, call.body[name]]))
    return { path: '/v1/images/generations', body: { model: call.model, ...members } }
  },
  response: mediaAnswer,
}

function countOf({ body: { n } }: Call<ImageRequest>): number {
  return typeof n === 'number' ? n : 1
}
