import { operationNames, type Secret } from '@llmproxy/provider-kit'
import { z } from 'zod'
import { condensationSchema } from './condensation-schema.ts'

/** Durations are seconds, as in the configuration file. `0` switches a limit off where that is said. */
const seconds = z.number().min(0)

/** Headers about one connection or one body: a fixed value would break every request, or where it ends. */
const framing: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'must be a header name: no spaces, no colon')
  .refine(
    (name) => !framing.has(name.toLowerCase()),
    'says how a request is transmitted, which the gateway decides: remove it',
  )

const headerValue = z
  .string()
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must be a header value: one line, no control characters')

const variableName = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_]*$/,
    'must be the name of an environment variable; the key itself belongs into `api_key`',
  )

const noVariable = 'must name at least one variable; without the key, `PROXY_API_<TYPE>_API_KEY` is looked up'

const modelName = z.string().min(1).max(256)

export const modelSchema = z.union([
  modelName,
  z.strictObject({
    id: modelName.describe('The name that clients ask for; may end in `*`.'),
    upstream: modelName
      .optional()
      .describe('The name sent upstream. Default: the name that the client asked for.'),
    context_window: z
      .int()
      .positive()
      .optional()
      .describe(
        'Tokens, those of the answer included. Default: what the vendor’s model list or its errors say.',
      ),
    context_fallback: modelName
      .optional()
      .describe(
        'Another model, by a name that clients can use, which is asked when a request does not fit this one.',
      ),
    max_output_tokens: z.int().positive().optional().describe('Tokens. A note: nothing is limited by it.'),
    operations: z
      .array(z.enum(operationNames))
      .optional()
      .describe('What the model is asked for. Default: every operation that the provider has.'),
  }),
])

const supportsSchema = z.strictObject({
  streaming: z.boolean().optional().describe('SSE answers.'),
  tools: z.boolean().optional().describe('Tool calls.'),
  images: z.boolean().optional().describe('Images in chat messages.'),
  json_schema: z.boolean().optional().describe('Structured output by JSON Schema.'),
  stream_usage: z.boolean().optional().describe('Token counts at the end of a stream.'),
  continuation: z
    .boolean()
    .optional()
    .describe('A last message of the assistant is continued, not answered: see `stream_continuation`.'),
})

/** The host's own keys of a provider. Everything else in the entry belongs to the plugin's schema. */
export const providerHostShape = {
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
      'must be 1 to 64 letters, digits, dots, dashes or underscores, and start with a letter or digit',
    )
    .describe('Unique name; also the prefix in `name/model`.'),
  type: z
    .string()
    .regex(
      /^[a-z][a-z0-9_-]*$/,
      'must be lower-case letters, digits, dashes and underscores, and start with a letter',
    )
    .describe('The plugin: `foo` loads `@llmproxy/provider-foo` or `llmproxy-provider-foo`.'),
  module: z
    .string()
    .min(1)
    .optional()
    .describe('A package name or a file relative to this file, instead of the name derived from `type`.'),
  enabled: z
    .union([z.boolean(), z.literal('auto')])
    .default('auto')
    .describe('`auto`: on when its key is present. `true`: the start fails without it.'),
  priority: z.int().default(1).describe('Lower is asked first.'),
  weight: z
    .number()
    .positive()
    .default(1)
    .describe('Share of the traffic among providers of equal priority.'),
  models: z.array(modelSchema).default([]).describe('Exact names, `prefix*`, or `{id, upstream, …}`.'),
  api_key_env: z
    .union([variableName, z.array(variableName).min(1, noVariable)])
    .optional()
    .describe(
      'The environment variable that holds the key, or several: a refused key is retired, a rate-limited one rests, the next takes over. Default: `PROXY_API_<TYPE>_API_KEY`.',
    ),
  timeout: seconds
    .default(300)
    .describe('Seconds until the first byte of the answer; of a job, until its result. 0: no limit.'),
  connect_timeout: seconds.optional().describe('Seconds to connect. 0: no limit. Default: the global value.'),
  idle_timeout: seconds
    .optional()
    .describe('Seconds of silence inside an answer. 0: no limit. Default: the global value.'),
  max_retries: z.int().min(0).default(3).describe('Retries on this provider, within `max_attempts`.'),
  retry_delay: seconds.default(1).describe('Seconds: the first backoff; doubled each time, full jitter.'),
  rate_limit: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe(
      'Requests per minute to this provider, each part of a split one counted; above it the next provider is asked.',
    ),
  max_connections: z.int().positive().default(100).describe('Requests in flight at this provider.'),
  queue_timeout: seconds
    .default(10)
    .describe('Seconds that a request may wait for one of `max_connections`. 0: it does not wait.'),
  keepalive_timeout: seconds
    .default(4)
    .describe('Seconds that an idle upstream socket is kept. Stay below the vendor’s own value.'),
  custom_headers: z
    .record(headerName, headerValue)
    .default({})
    .describe('Headers added to every upstream request.'),
  circuit_breaker_threshold: z
    .int()
    .positive()
    .optional()
    .describe('Consecutive failures that open the breaker. Default: the global value.'),
  circuit_breaker_timeout: seconds
    .optional()
    .describe('Seconds that the breaker stays open. Default: the global value.'),
  circuit_breaker_window: seconds
    .optional()
    .describe(
      'Seconds of the sliding window that failures are counted in. 0: failures in a row. Default: the global value.',
    ),
  health_check: z
    .enum(['free', 'generate', 'off'])
    .default('free')
    .describe(
      '`free`: a request that costs nothing. `generate`: a minimal chat request, which does. `off`: none.',
    ),
  strict: z.boolean().default(false).describe('Refuse a request (400) when a field of it would be dropped.'),
  supports: supportsSchema.optional().describe('Overrides what the plugin says it supports.'),
  allow_h2: z
    .boolean()
    .default(false)
    .describe('HTTP/2 to the upstream: all streams then share one connection.'),
} as const

export const providerSchema = z.looseObject(providerHostShape)

const clientKeySchema = z.union([
  z.string().min(1),
  z.strictObject({
    key: z.string().min(1),
    /** Stands for the key in logs and metrics. */
    name: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores'),
  }),
])

const perMinute = z.int().positive().nullable()

export const configSchema = z.strictObject({
  app_name: z.string().default('LLM Proxy API').describe('Shown in `/health`.'),
  app_version: z.string().default('2.0.0').describe('Shown in `/health`.'),
  debug: z.boolean().default(false).describe('Same as `log_level: DEBUG`.'),
  host: z.string().min(1).default('127.0.0.1').describe('The address to listen on.'),
  port: z.int().min(0).max(65535).default(8000).describe('The port to listen on. 0: any free one.'),
  api_keys: z
    .array(clientKeySchema)
    .default([])
    .describe('Keys of the clients, or `{key, name}`. Empty: no key is asked for, on loopback only.'),
  api_key_header: headerName
    .default('X-API-Key')
    .describe('The header of the client key, beside `Authorization: Bearer` and `api-key`.'),
  cors_origins: z.array(z.string().min(1)).default([]).describe('Origins of browser clients; `*` for all.'),
  rate_limit_rpm: perMinute
    .default(1000)
    .describe('Requests of one key per `rate_limit_window`, all endpoints together. `null`: no limit.'),
  rate_limit_window: z.number().positive().default(60).describe('Seconds.'),
  rate_limits: z
    .strictObject({
      chat: perMinute.default(100).describe('Requests per minute.'),
      completions: perMinute.default(100).describe('Requests per minute.'),
      embeddings: perMinute.default(200).describe('Requests per minute.'),
      images: perMinute.default(100).describe('Requests per minute.'),
      videos: perMinute.default(100).describe('Requests per minute.'),
      messages: perMinute.default(100).describe('Requests per minute.'),
    })
    .prefault({})
    .describe('Requests of one key per minute, for each operation. `null`: no limit.'),
  request_timeout: seconds
    .default(300)
    .describe(
      'Seconds for one client request, over all retries and fallbacks, until its answer (of a stream: its first event) is there. 0: no limit.',
    ),
  stream_timeout: seconds.default(0).describe('Seconds for a whole stream. 0: no limit.'),
  connect_timeout: seconds
    .default(10)
    .describe('Seconds to connect to an upstream: name, connection and TLS together. 0: no limit.'),
  idle_timeout: seconds
    .default(300)
    .describe('Seconds of silence inside an answer of an upstream. 0: no limit.'),
  keepalive_interval: seconds
    .default(15)
    .describe('Seconds of silence after which a stream gets a comment line. 0: never.'),
  write_timeout: seconds
    .default(120)
    .describe('Seconds that a client may refuse to read before its connection is cut. 0: no limit.'),
  max_client_connections: z
    .int()
    .positive()
    .default(10_000)
    .describe('Connections of clients to one process; new ones above that are closed at once.'),
  keep_alive_timeout: z
    .number()
    .positive()
    .max(86_400)
    .default(80)
    .describe(
      'Seconds that an idle client connection is kept. Longer than your load balancer keeps it, so that it never sends a request on a connection that is being closed.',
    ),
  models_ttl: seconds
    .default(300)
    .describe('Seconds that a vendor’s model list is kept for `GET /v1/models`. 0: vendors are not asked.'),
  max_attempts: z
    .int()
    .positive()
    .default(5)
    .describe('Upstream requests for one client request, retries and fallbacks together.'),
  max_retry_wait: seconds.default(20).describe('Seconds: a vendor that asks to wait longer is passed over.'),
  circuit_breaker_threshold: z
    .int()
    .positive()
    .default(5)
    .describe('Consecutive failures that open a breaker.'),
  circuit_breaker_timeout: seconds.default(60).describe('Seconds that a breaker stays open.'),
  circuit_breaker_window: seconds
    .default(0)
    .describe(
      'Seconds: a breaker opens at `circuit_breaker_threshold` failures within this time, when they are half of the attempts in it or more. 0: at that many in a row.',
    ),
  health_check_interval: seconds
    .default(60)
    .describe(
      'Seconds between background health checks of a provider that no request has shown to be well. 0: none.',
    ),
  stream_continuation: z
    .boolean()
    .default(false)
    .describe(
      'A text stream that its upstream cuts is continued by a provider with `supports.continuation`.',
    ),
  workers: z
    .int()
    .positive()
    .max(64)
    .default(1)
    .describe(
      'Processes that serve the one port, 64 at most. Limits, breakers and metrics are those of all of them.',
    ),
  redis_url: z
    .string()
    .min(1, 'must be a URL such as redis://host:6379; where there is no Redis, leave the key out')
    .nullable()
    .default(null)
    .describe(
      '`redis://` or `rediss://` of a Redis or Valkey: rate limits and pauses of providers are shared by every instance that names it.',
    ),
  redis_prefix: z
    .string()
    .regex(/^[\x21-\x7e]{1,64}$/, 'must be 1 to 64 printable characters without a space')
    .default('llmproxy:')
    .describe(
      'Starts the name of every key and channel in Redis: instances that share limits share it. 1 to 64 characters.',
    ),
  redis_timeout: z
    .number()
    .positive()
    .max(10)
    .default(0.05)
    .describe('Seconds that a request waits for Redis, at most. Up to 10.'),
  redis_failure: z
    .enum(['fail_open', 'fail_closed'])
    .default('fail_open')
    .describe(
      'Without Redis, `fail_open`: each instance counts for itself. `fail_closed`: requests for a model that a limit applies to are answered 503.',
    ),
  reload_interval: seconds
    .default(2)
    .describe('Seconds between looks at the configuration file for a change. 0: on SIGHUP only.'),
  body_limit: z
    .int()
    .positive()
    .default(64 * 1024 * 1024)
    .describe('Bytes of a request body.'),
  response_limit: z
    .int()
    .positive()
    .default(64 * 1024 * 1024)
    .describe('Bytes of a whole (not streamed) upstream answer.'),
  event_limit: z
    .int()
    .positive()
    .default(16 * 1024 * 1024)
    .describe('Bytes of one streamed event.'),
  shutdown_delay: seconds
    .default(0)
    .describe('Seconds between SIGTERM (`/readyz` turns 503) and the end of listening.'),
  shutdown_timeout: seconds.default(30).describe('Seconds that running requests get after that.'),
  proxy_info: z.boolean().default(true).describe('Add `_proxy_info` to JSON answers.'),
  error_details: z.boolean().default(true).describe('Name the providers tried in a 503.'),
  log_level: z
    .string()
    .transform((level) => level.toUpperCase())
    .pipe(z.enum(['TRACE', 'DEBUG', 'INFO', 'WARNING', 'WARN', 'ERROR', 'CRITICAL', 'FATAL', 'SILENT']))
    .prefault('INFO')
    .describe('TRACE, DEBUG, INFO, WARNING, ERROR, CRITICAL or SILENT.'),
  log_file: z.string().min(1).nullable().default(null).describe('Default: standard output.'),
  config_file: z
    .string()
    .optional()
    .describe('Accepted in files of former versions; the file that was read wins.'),
  condensation: condensationSchema,
  providers: z.array(providerSchema).default([]).describe('The upstreams.'),
})

/** A client's key, with a name that stands for it in logs and metrics when it has one. */
export type ClientKey = Secret | { readonly key: Secret; readonly name: string }

/**
 * The configuration with every default filled in. Secrets are wrapped: the client keys, and in the provider entries the
 * text below keys such as `api_key`.
 */
export type GatewayConfig = Omit<z.infer<typeof configSchema>, 'api_keys'> & {
  readonly api_keys: readonly ClientKey[]
}
export type ProviderConfig = z.infer<typeof providerSchema>
export type ModelConfig = z.infer<typeof modelSchema>
export type GatewayConfigInput = z.input<typeof configSchema>
