import { type FaultKind, faultKinds } from '@llmproxy/provider-kit'
import { type TimeoutPhase, timeoutPhases } from '../metrics/outcome.ts'
import { timeoutCodes } from './fault-error.ts'
import { type BreakerRule, type FaultRule, faultPolicy, type RetryRule } from './fault-table.ts'

const meanings: Readonly<Record<FaultKind, string>> = {
  invalid_request: 'The upstream refused the request as invalid.',
  context_length: 'The request is longer than the model’s context.',
  content_filter: 'The upstream’s content filter stopped the request.',
  model_not_found: 'The upstream does not know the model.',
  unsupported: 'The upstream cannot do what was asked.',
  authentication: 'The upstream refused the gateway’s own key.',
  quota_exhausted: 'The upstream account has no quota or credit left.',
  rate_limit: 'The upstream’s rate limit is reached.',
  overloaded: 'The upstream says that it is overloaded.',
  upstream: 'Any other failure inside the upstream.',
  timeout: 'A time limit passed: one of the gateway’s, see below, or the upstream’s own.',
  network: 'No connection, or it was lost before an answer.',
  bad_response: 'The answer cannot be parsed, or breaks off.',
  cancelled: 'The client left. Nobody sees this; it is in the log.',
}

const retryTexts: Readonly<Record<RetryRule, string>> = {
  never: 'no',
  hint: 'after the wait the upstream names, when no other provider is left',
  always: 'yes, with backoff',
  connect: 'if it never connected and no other provider is left',
  unsent: 'if nothing was sent and no other provider is left',
}

const breakerTexts: Readonly<Record<BreakerRule, string>> = {
  failure: 'failure',
  cooldown: 'pause',
  none: '–',
  release: '–',
}

const head = `# Errors

Every error has the OpenAI shape:

\`\`\`json
{ "error": { "message": "…", "type": "…", "param": null, "code": "…" } }
\`\`\`

\`type\` and \`code\` are for programs, \`message\` is for people. This page is generated from the fault table of the gateway,
\`packages/core/src/resilience/fault-table.ts\`.

## Failures of upstreams

An upstream’s own \`code\` replaces the one in the table when it is a word; the codes of \`context_length\`,
\`model_not_found\` and \`authentication\` never change. The upstream’s message is passed on, except for \`authentication\`.
“Again” is a retry at the same provider; “next” is a fallback to the next provider of the model, before anything was sent to
the client. A “pause” keeps requests away from the provider for as long as it asked, without counting as a failure. A kept-alive
connection that the upstream closed before any answer is replaced at once, and counts neither as a retry nor as a failure. Of a
provider with several keys (\`api_key_env\`), a refused or limited one is replaced by the next at once, before any of this. A
request that is longer than the context is asked again in another form where that is configured: [condensation.md](condensation.md).
`

const timeLimits = `
## Time limits

Each limit of the gateway has its own code, and counts in the metric \`llmproxy_timeouts_total\` by \`provider\` and \`phase\`:

`

const limitMeanings: Readonly<Record<TimeoutPhase, readonly [setting: string, meaning: string]>> = {
  connect: ['connect_timeout', 'Name, connection and TLS handshake together. Nothing was sent.'],
  first_byte: [
    'timeout',
    'From the start of the attempt to the head of the answer; of a job, to its result.',
  ],
  idle: ['idle_timeout', 'Silence inside an answer, streamed or whole.'],
  total: [
    'request_timeout',
    'The whole request, retries, waits and fallbacks included, to its answer or first event.',
  ],
  stream: ['stream_timeout', 'A whole stream, from the request to its last event.'],
}

const afterLimits = `
The status is 504; after the first event of a stream, the error is its last event. A limit of one provider leads to the next provider while
nothing was sent to the client. The request’s own limit is the answer whoever was asked until then.
`

const tail = `
## Errors of the gateway

`

const ownErrors: readonly (readonly string[])[] = [
  ['Status', 'Type', 'Code', 'Meaning'],
  [
    '404',
    '`invalid_request_error`',
    '`model_not_found`',
    'No provider in use lists the model. The message names what is available, or the variable that would enable it.',
  ],
  [
    '501',
    '`not_implemented_error`',
    '`not_implemented`',
    'No provider of the model offers the operation, or a feature that the request uses.',
  ],
  [
    '502',
    '`server_error`',
    '`upstream_credentials_exhausted`',
    'The provider has several keys, and none that the upstream accepts: each was refused or is out of credit. It is not asked. `retry-after`: until one of them is tried again.',
  ],
  [
    '503',
    '`service_unavailable_error`',
    '`providers_unavailable`',
    'Several providers were asked and failed, or none could be asked. `details` lists them. `retry-after` is the soonest, when all of them named a time.',
  ],
  [
    '429',
    '`rate_limit_error`',
    '`rate_limit_exceeded`',
    'Every provider of the model is rate limited. `retry-after` is the soonest.',
  ],
  [
    '429',
    '`rate_limit_error`',
    '`rate_limit_exceeded`',
    'The client’s key has used up a limit of the gateway (`rate_limit_rpm`, `rate_limits`). `retry-after` is the end of its window.',
  ],
  [
    '503',
    '`service_unavailable_error`',
    '`rate_limit_unavailable`',
    'The limits of the key cannot be looked up, and `redis_failure` is `fail_closed`. Nothing was tried: come back after `retry-after`.',
  ],
]

const rules = `
When one provider alone was asked, its own failure is the answer. When several were asked, the answer is 503
\`providers_unavailable\`, unless all agree: all rate limited is 429, an unknown model everywhere is 404, an unsupported
operation everywhere is 501.

\`details\` of a 503, unless \`error_details: false\`:

\`\`\`json
{
  "attempts": 2,
  "providers_tried": ["first", "second"],
  "errors": [
    { "provider": "first", "error_type": "TimeoutError" },
    { "provider": "second", "error_type": "OverloadedError" }
  ]
}
\`\`\`

## Retrying

The gateway retries by itself, within \`max_attempts\` and \`request_timeout\`. Its errors therefore carry
\`x-should-retry: false\`, which the OpenAI client libraries obey. The exception is a rate limit that the gateway passed on
without a retry of its own: the client may come back after \`retry-after\` (whole seconds).
`

/** The text of `docs/errors.md`. */
export function errorsPage(): string {
  const rows = faultKinds.map((kind) => row(kind, faultPolicy[kind]))
  const faults = table([['Fault', 'Status', 'Type', 'Code', 'Again', 'Next', 'Breaker', 'Meaning'], ...rows])
  const limits = table([['Code', 'Phase', 'Setting', 'What it limits'], ...timeoutPhases.map(limitRow)])
  return `${head}\n${faults}${timeLimits}${limits}${afterLimits}${tail}${table(ownErrors)}${rules}`
}

function limitRow(phase: TimeoutPhase): string[] {
  const [setting, meaning] = limitMeanings[phase]
  return [`\`${timeoutCodes[phase]}\``, `\`${phase}\``, `\`${setting}\``, meaning]
}

function row(kind: FaultKind, rule: FaultRule): string[] {
  const code = rule.code === null ? '–' : `\`${rule.code}\``
  const next = rule.fallback ? 'yes' : 'no'
  const status = kind === 'cancelled' ? '–' : String(rule.status)
  const type = `\`${rule.type}\``
  return [
    `\`${kind}\``,
    status,
    type,
    code,
    retryTexts[rule.retry],
    next,
    breakerTexts[rule.breaker],
    meanings[kind],
  ]
}

/** A Markdown table with aligned columns, as the formatter wants it. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  )
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |\n`
  const [first = [], ...rest] = rows
  return line(first) + line(widths.map((width) => '-'.repeat(width))) + rest.map(line).join('')
}
