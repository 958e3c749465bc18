import {
  apiKey,
  baseUrl,
  bearer,
  type Call,
  type ChatRequest,
  definePlugin,
  openaiCompatible,
  type Provider,
} from '@llmproxy/provider-kit'
import { z } from 'zod'
import { completions } from './completions.ts'
import { modelFixes } from './model-fixes.ts'

const headerValue = z
  .string()
  .regex(/^[\x21-\x7e]+$/, 'must be an id without spaces, such as "org-…" or "proj_…"')

const options = z.strictObject({
  api_key: apiKey(),
  base_url: baseUrl('https://api.openai.com/v1').transform(withVersion),
  organization: headerValue.optional().describe('Sent as `OpenAI-Organization`.'),
  project: headerValue.optional().describe('Sent as `OpenAI-Project`.'),
  api: z.literal('openai-chat').default('openai-chat').describe('The wire format.'),
  model_fixes: z
    .boolean()
    .default(true)
    .describe('Rename or remove parameters that reasoning models refuse.'),
})

const models = ['gpt-*', 'chatgpt-*', 'o1*', 'o3*', 'o4*', 'text-embedding-*', 'dall-e-*']

export default definePlugin({ type: 'openai', options, example: { models }, create })

function create(settings: z.output<typeof options>): Provider {
  const { organization, project } = settings
  const provider = openaiCompatible({
    baseUrl: settings.base_url,
    authorize: bearer(settings.api_key),
    operations: ['chat', 'embeddings', 'images'],
    headers: {
      ...(organization !== undefined && { 'openai-organization': organization }),
      ...(project !== undefined && { 'openai-project': project }),
    },
    patch: (call, operation) =>
      settings.model_fixes && operation === 'chat' ? modelFixes(call as Call<ChatRequest>) : undefined,
  })
  const { chat } = provider.operations
  return chat === undefined
    ? provider
    : { ...provider, operations: { ...provider.operations, completions: completions(chat) } }
}

/** A bare origin, as in `https://api.openai.com`, means the current version. */
function withVersion(url: string): string {
  return new URL(url).pathname === '/' ? `${url}/v1` : url
}
