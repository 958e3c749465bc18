import {
  apiKey,
  baseUrl,
  bearer,
  definePlugin,
  keyHeader,
  type OperationName,
  openaiCompatible,
} from '@llmproxy/provider-kit'
import { z } from 'zod'
import { wirePatch } from './wire-patch.ts'

const operationNames = [
  'chat',
  'completions',
  'embeddings',
  'images',
  'videos',
] as const satisfies OperationName[]

/** Where servers of this kind put the window of a model, those first that say how they were started. */
const windows = [
  'max_model_len',
  'meta.n_ctx',
  'loaded_context_length',
  'max_context_length',
  'context_length',
  'context_window',
]

const options = z.strictObject({
  base_url: baseUrl().describe('Everything before `/chat/completions`, usually ending in `/v1`.'),
  api_key: apiKey().optional(),
  api_key_header: z
    .string()
    .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'must be a header name')
    .optional()
    .describe('Send the key in this header instead of `Authorization: Bearer`.'),
  api: z.literal('openai-chat').default('openai-chat').describe('The wire format.'),
  operations: z
    .array(z.enum(operationNames))
    .min(1)
    .default(['chat', 'embeddings'])
    .describe('What the server offers.'),
  health_path: z
    .string()
    .regex(/^\/[\x21-\x7e]*$/, 'must start with /')
    .optional()
    .describe('A free GET, from the root of the server: `/health`. Default: `/models` below `base_url`.'),
  max_tokens_field: z
    .enum(['max_tokens', 'max_completion_tokens'])
    .optional()
    .describe('The name that the server understands; the other one is renamed.'),
  developer_role: z
    .enum(['developer', 'system'])
    .optional()
    .describe('The role that the server understands; the other one is renamed.'),
})

export default definePlugin({
  type: 'openai_compatible',
  options,
  example: { base_url: 'http://127.0.0.1:8080/v1', models: ['local-model'] },
  create(settings) {
    const { api_key, api_key_header, health_path } = settings
    const { origin, pathname } = new URL(settings.base_url)
    // Health checks of local servers live beside `/v1`, not below it, so the prefix moves from the base to the paths.
    const prefix = health_path === undefined ? '' : pathname.replace(/\/+$/, '')
    return openaiCompatible({
      baseUrl: health_path === undefined ? settings.base_url : origin,
      prefix,
      authorize: api_key_header === undefined ? bearer(api_key) : keyHeader(api_key_header, api_key),
      operations: settings.operations,
      ...(health_path !== undefined && { health: health_path }),
      windows,
      patch: (call, operation) => wirePatch(call.body, operation, settings),
    })
  },
})
