import { apiKey, baseUrl } from '@llmproxy/provider-kit'
import { z } from 'zod'

const shape = z.strictObject({
  region: z
    .string()
    .regex(/^[a-z]{2}(?:-[a-z]+)+-\d+$/, 'must be the code of an AWS region, such as us-east-1')
    .optional()
    .describe('The AWS region. Required, unless `base_url` is given and requests are not signed.'),
  api_key: apiKey()
    .optional()
    .describe('A Bedrock API key, sent as `Authorization: Bearer`. Instead of the access key.'),
  access_key_id: z
    .string()
    .regex(/^\w{4,128}$/, 'must be the id of an access key: letters and digits')
    .optional()
    .describe('The id of an access key, with which requests are signed (Signature Version 4).'),
  secret_access_key: apiKey().optional().describe('The secret of the access key.'),
  session_token: apiKey().optional().describe('The session token of a temporary access key.'),
  base_url: baseUrl()
    .optional()
    .describe(
      'Default: `https://bedrock-runtime.{region}.amazonaws.com`. For VPC endpoints, FIPS and gateways.',
    ),
  control_plane_url: baseUrl()
    .optional()
    .describe(
      'Where the model list is, which is the health check too. Default: `https://bedrock.{region}.amazonaws.com`; with `base_url`: nowhere.',
    ),
  input_type: z
    .enum(['search_document', 'search_query', 'classification', 'clustering'])
    .default('search_document')
    .describe('What Cohere models embed texts for, when the request does not say `input_type`.'),
  api: z.literal('converse').default('converse').describe('The wire format; the only one is `converse`.'),
})

type Given = z.output<typeof shape>

/** What may stand beside `type: bedrock` in the configuration. */
export const options = shape.superRefine((given, context) => {
  for (const [path, message] of problems(given)) context.addIssue({ code: 'custom', path: [path], message })
})

/** The options as `create()` receives them, defaults filled in. */
export type Options = Given

function* problems(given: Given): Generator<readonly [keyof Given, string]> {
  const { api_key: key, access_key_id: id, secret_access_key: secret, session_token: token } = given
  const signs = id !== undefined || secret !== undefined || token !== undefined
  // Without any credentials nothing else is told: an entry that is prepared for a key is off, not wrong.
  if (key === undefined && !signs) {
    yield ['api_key', 'credentials are missing: set api_key, or access_key_id and secret_access_key']
    return
  }
  if (key !== undefined && signs)
    yield ['api_key', 'set api_key, or access_key_id and secret_access_key: both are credentials']
  else if (signs && id === undefined)
    yield [
      'access_key_id',
      `is missing beside ${secret === undefined ? 'session_token' : 'secret_access_key'}`,
    ]
  else if (signs && secret === undefined) yield ['secret_access_key', 'is missing beside access_key_id']
  if (given.region === undefined && (signs || given.base_url === undefined))
    yield ['region', `is missing${signs ? ': the signature of a request names it' : ': set it, or base_url'}`]
}
