import { baseUrl, type Call, definePlugin, type Operation } from '@llmproxy/provider-kit'
import { z } from 'zod'

/** Milliseconds between two questions about a job. */
export const pollEveryMs = 60

const body = (call: Call) => call.body as Record<string, unknown>

const images = {
  request: (call) => ({ path: '/images/generations', body: body(call) }),
  response: (answer) => answer,
  split: (call) => {
    const { n, ...one } = body(call)
    return Array.from({ length: Number(n ?? 1) }, () => one)
  },
  join: (answers) => ({ created: 1, data: (answers as { data: unknown[] }[]).flatMap(({ data }) => data) }),
} satisfies Operation

const videos = {
  request: (call) => ({ path: '/jobs', body: body(call) }),
  response: (answer) => answer,
  follow: (answer) => {
    const { id, status } = answer as { id?: string; status?: string }
    if (status !== 'queued') return undefined
    return { request: { method: 'GET', path: `/jobs/${id}` }, afterMs: pollEveryMs }
  },
} satisfies Operation

const chat = { request: () => ({ path: '/chat/completions' }) } satisfies Operation

/** A vendor that needs more than one request: a token for each chat, one image at a time, a job for a video. */
export const roundabout = definePlugin({
  type: 'roundabout',
  options: z.strictObject({ base_url: baseUrl(), token_url: baseUrl().optional() }),
  create: ({ base_url, token_url }) => ({
    baseUrl: base_url,
    operations: { chat, images, videos } as never,
    authorize: async (_request, io) => {
      if (token_url === undefined) return {}
      const { text } = await io.fetch(token_url, { method: 'POST', body: 'grant_type=client_credentials' })
      return { authorization: `Bearer ${text}` }
    },
  }),
})
