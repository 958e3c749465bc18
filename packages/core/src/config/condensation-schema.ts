import { z } from 'zod'

/** Vendors' own words, which are looked for in any case. */
export const defaultErrorKeywords: readonly string[] = ['context_length_exceeded', 'maximum context length']

const share = z.number().positive().max(1)

const condensationShape = z.strictObject({
  enabled: z.boolean().default(true).describe('`false`: as if the section were not there.'),
  max_tokens_default: z.int().positive().default(512).describe('Tokens of a summary, at most.'),
  adaptive_factor: z
    .number()
    .positive()
    .default(0.5)
    .describe(
      'Tokens of a summary for each unit of what it is made of, at most: tokens where the model has a tokenizer, else characters.',
    ),
  error_keywords: z
    .array(
      z
        .string()
        .regex(
          /\S\s*\S\s*\S/,
          'must have three letters or more: it is looked for in every error of a vendor',
        ),
    )
    .default([...defaultErrorKeywords])
    .describe(
      'Texts in a vendor’s error that mean: the context is too long. Added to those that are known anyway; upper and lower case are the same.',
    ),
  cache_ttl: z.number().min(0).default(300).describe('Seconds that a summary is kept. 0: none is.'),
  cache_max_bytes: z
    .int()
    .min(0)
    .default(16 * 1024 * 1024)
    .describe('Bytes of all summaries in memory, at most; the longest unused go first.'),
  cache_shared: z
    .boolean()
    .default(false)
    .describe(
      'Keeps summaries in the Redis of `redis_url` as well, so that other instances and workers find them.',
    ),
  timeout: z
    .number()
    .positive()
    .max(600)
    .default(10)
    .describe(
      'Seconds for a summary, all of its calls together; after that the context is truncated. Up to 600.',
    ),
  provider: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The provider that makes summaries. Default: those that are on, by `priority`; of equal ones those of the requested model first.',
    ),
  model: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The model that makes summaries, by a name that clients can use. Default: the model of the request where the provider has it, else the first chat model that it lists.',
    ),
  same_provider: z
    .boolean()
    .default(false)
    .describe(
      'Only providers of the requested model make its summaries: nobody else is shown the conversation.',
    ),
  streaming: z
    .boolean()
    .default(false)
    .describe('Streamed requests are condensed, too, before anything of their answer was sent.'),
  preflight: z
    .boolean()
    .default(false)
    .describe(
      'A request above `preflight_share` of a known context window is condensed before it is sent, instead of after it was refused.',
    ),
  preflight_share: share.default(0.9).describe('Share of the context window, above 0 and up to 1.'),
  background: z
    .boolean()
    .default(false)
    .describe(
      'After an answer that filled `background_share` of a known context window, the summary that the next request will need is prepared.',
    ),
  background_share: share.default(0.75).describe('Share of the context window, above 0 and up to 1.'),
  recent_share: z
    .number()
    .min(0)
    .max(0.8)
    .default(0)
    .describe(
      'Share of a known context window in which the latest turns stay word for word, up to 0.8. 0: only the last turn does.',
    ),
  calls_per_minute: z
    .int()
    .positive()
    .nullable()
    .default(60)
    .describe(
      'Requests for summaries of one caller per minute; above it contexts are truncated. Divided among `workers`. `null`: no limit.',
    ),
})

/** `condensation`. Absent: contexts are left as they are. */
export const condensationSchema = condensationShape
  .optional()
  .describe(
    'Conversations that do not fit the model are summarised: see docs/condensation.md. Absent: they are not.',
  )

export type CondensationConfig = z.infer<typeof condensationShape>
