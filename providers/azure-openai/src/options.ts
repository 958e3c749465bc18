import { apiKey, baseUrl } from '@llmproxy/provider-kit'
import { z } from 'zod'

const formats = ['deployments', 'v1'] as const
const dated = /^\d{4}-\d\d-\d\d(?:-preview)?$/

const version = z
  .string()
  .regex(dated, 'must be a date, such as 2024-10-21 or 2025-04-01-preview')
  .describe('A version of the API.')

const name = z.string().trim().min(1)

/** What may stand beside `type: azure_openai` in the configuration. */
export const options = z
  .strictObject({
    api_key: apiKey().describe('The key of the resource, or a token of Entra ID with `auth: bearer`.'),
    base_url: baseUrl()
      .refine(
        (url) => !/\/deployments\/[^/]+$/.test(url),
        'must end before /openai/deployments: the deployment is deployment_id, or the upstream name of a model',
      )
      .transform(endpoint)
      .describe('The endpoint of the resource, with or without a final `/openai` or `/openai/v1`.'),
    api: z
      .enum(formats)
      .optional()
      .describe('The wire format. Default: `deployments` when `api_version` is a date, else `v1`.'),
    api_version: z
      .union([version, z.enum(['v1', 'preview', 'latest'])], {
        error: 'must be a date, such as 2024-10-21 or 2025-04-01-preview, or for `api: v1` v1 or preview',
      })
      .optional()
      .describe('Sent as `api-version`. Required with `api: deployments`.'),
    deployment_id: name
      .optional()
      .describe('The deployment for every request. Default: the upstream name of the model.'),
    base_model: z
      .union([name, z.record(z.string(), name)])
      .optional()
      .describe(
        'The model behind the deployments: one name, or a name for each deployment. Some models refuse some parameters, and the name of a deployment does not tell.',
      ),
    auth: z
      .enum(['api-key', 'bearer'])
      .default('api-key')
      .describe('The header that the credential travels in: `api-key`, or `Authorization: Bearer`.'),
    completions: z
      .enum(['chat', 'native'])
      .default('chat')
      .describe(
        '`native`: the deployments have the endpoint of legacy completions. `chat`: served over chat.',
      ),
    max_inputs: z
      .int()
      .min(1)
      .max(2048)
      .optional()
      .describe('Inputs that one embeddings call may have; more are sent in several calls. Old models: 16.'),
    feature_floor: z
      .record(z.string(), z.union([version, z.literal(false)]))
      .default({})
      .describe(
        'The first API version that knows a parameter, laid over the built-in table; `false`: every version.',
      ),
    health_path: z
      .string()
      .regex(/^\/[\x21-\x22\x24-\x7e]*$/, 'must start with / and be encoded')
      .optional()
      .describe(
        'A free GET below `base_url`. Without a query it gets `api-version`. Default: the list of base models.',
      ),
    video_poll_interval: z
      .number()
      .positive()
      .max(600)
      .default(5)
      .describe('Seconds between two questions about a video that is being made.'),
  })
  .superRefine((value, context) => {
    if (apiOf(value) !== 'deployments' || dated.test(value.api_version ?? '')) return
    const message = 'api: deployments needs a dated version, such as 2024-10-21'
    context.addIssue({ code: 'custom', path: ['api_version'], message })
  })

/** The options as `create()` receives them, defaults filled in. */
export type Options = z.output<typeof options>

/** The wire format: as configured, or what the version belongs to. */
export function apiOf({ api, api_version }: Pick<Options, 'api' | 'api_version'>): (typeof formats)[number] {
  return api ?? (dated.test(api_version ?? '') ? 'deployments' : 'v1')
}

/** The part of a URL that every path is appended to: people copy longer ones from the portal. */
function endpoint(url: string): string {
  return url.replace(/\/openai(?:\/v1|\/deployments)?$/, '')
}
