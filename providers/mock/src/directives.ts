import { scenarios } from './scenarios.ts'

/** A number that follows a directive in a model name: what it means, and the range that is accepted. */
export interface Argument {
  readonly name: string
  readonly least: number
  readonly most: number
}

/** One word of the model-name grammar. */
export interface Directive {
  readonly group: 'answer' | 'shape' | 'time' | 'fault' | 'stream fault' | 'scenario'
  readonly arguments: readonly Argument[]
  /** One sentence for the documentation. */
  readonly does: string
  /** Values for the example in the documentation, in the order of `arguments`. */
  readonly example: readonly number[]
  /** Directives that the example needs before this one to show anything. */
  readonly after?: string
}

const hour = 3_600_000
const milliseconds: Argument = { name: 'ms', least: 0, most: hour }
const count = (name: string, most: number, least = 0): Argument => ({ name, least, most })

const answers = {
  fixed: directive(
    'answer',
    'Answers `Hello from the mock model.` This is also what happens when no other text is chosen.',
  ),
  echo: directive('answer', 'Answers with the text of the last user message (or the prompt).'),
  long: directive('answer', 'Answers with exactly this many characters; ignores `max_tokens`.', [
    [count('characters', 50_000_000, 1), 100_000],
  ]),
  json: directive(
    'answer',
    'Answers with the smallest JSON that fits the schema of `response_format` (Anthropic: `output_config.format`).',
  ),
  tool: directive(
    'answer',
    'Calls one tool; answers with text when the last message is a tool result. Same as `tools-1`.',
  ),
  tools: directive(
    'answer',
    'Calls this many tools in parallel: the tools of the request in turn, or `get_weather` when it has none.',
    [[count('calls', 128, 1), 2]],
  ),
  'tool-noargs': directive('answer', 'Calls one tool with no arguments (`{}`).'),
  reasoning: directive(
    'answer',
    'Thinks first: `reasoning_content` (Anthropic: a signed thinking block), counted as reasoning tokens.',
  ),
  refusal: directive(
    'answer',
    'Refuses: `message.refusal` (Anthropic: `stop_reason` `refusal`, no content).',
  ),
  digest: directive(
    'answer',
    'Summarises: every `PIN-<number>: words` of the whole conversation, each once and on a line of its own.',
  ),
  'finish-length': directive('answer', 'Finishes with `length` (Anthropic: `max_tokens`).'),
  'finish-filter': directive('answer', 'Finishes with `content_filter` (Anthropic: `refusal`).'),
} as const

const shapes = {
  chunks: directive('shape', 'Streams the text in this many content chunks; ignores `max_tokens`.', [
    [count('chunks', 100_000, 1), 20],
  ]),
  usage: directive('shape', 'Reports these token counts instead of characters divided by four.', [
    [count('prompt tokens', 1e9), 1000],
    [count('completion tokens', 1e9), 200],
  ]),
  dense: directive(
    'shape',
    'The strict window counts two characters as a token, not four: a text that is larger than estimates say.',
    [],
    'strict-window-8000',
  ),
  'no-usage': directive('shape', 'Never reports usage.'),
  embed: directive(
    'shape',
    'Embeddings have this many dimensions (else `dimensions` of the request, else 8).',
    [[count('dimensions', 8192, 1), 256]],
  ),
  'embed-floats': directive('shape', 'Embeddings are always JSON floats, whatever `encoding_format` says.'),
} as const

const times = {
  latency: directive('time', 'Waits before the response headers.', [[milliseconds, 500]]),
  silent: directive('time', 'Sends the headers at once, then waits before the first byte of the body.', [
    [milliseconds, 70_000],
  ]),
  gap: directive('time', 'Waits between content chunks.', [[milliseconds, 50]], 'chunks-20'),
  drip: directive('time', 'Sends the body one byte at a time, this far apart.', [[milliseconds, 5]]),
} as const

const faults = {
  error: directive(
    'fault',
    'Answers with this HTTP status and the error body of the vendor. With `first-error` or `error-after` it selects the in-band error instead.',
    [[count('status', 599, 400), 429]],
  ),
  retry: directive(
    'fault',
    'Adds `retry-after` in seconds to an error answer.',
    [[count('seconds', 86_400), 7]],
    'error-429',
  ),
  'retry-ms': directive(
    'fault',
    'Adds `retry-after-ms` to an error answer.',
    [[milliseconds, 250]],
    'error-429',
  ),
  quota: directive('fault', '429 `insufficient_quota` (Anthropic: 402 `billing_error`).'),
  'content-filter': directive('fault', '400 with code `content_filter`.'),
  'context-length': directive(
    'fault',
    '400 `context_length_exceeded`, always (Anthropic: `prompt is too long`).',
  ),
  window: directive(
    'fault',
    '400 `context_length_exceeded` when the prompt is above this many tokens (characters divided by four).',
    [[count('tokens', 1e9, 1), 8000]],
  ),
  'strict-window': directive(
    'fault',
    '400 `context_length_exceeded` when everything that a vendor counts is above this many tokens: messages with their tool calls (and four tokens for each), images, definitions of tools, and the answer that `max_tokens` asks for. Usage is counted so, too.',
    [[count('tokens', 1e9, 1), 8000]],
  ),
  'no-numbers': directive('fault', 'Errors about the context length name no numbers.', [], 'context-length'),
  html: directive('fault', 'Answers with this HTTP status and an HTML page, as a load balancer does.', [
    [count('status', 599, 200), 502],
  ]),
  refused: directive('fault', 'The connection is reset before any byte of an answer.'),
  hang: directive('fault', 'Never answers: not even headers.'),
  'cut-body': directive('fault', 'The connection closes half-way through the body.'),
  malformed: directive(
    'fault',
    'A whole answer is half a JSON document; a stream has one frame that is not JSON.',
  ),
  empty: directive('fault', 'Status 200 with an empty body.'),
  flaky: directive(
    'fault',
    'The first n requests for this model name fail (with the other faults of the name, else status 500), then it works. Counted per server.',
    [[count('failures', 1_000_000, 1), 2]],
  ),
} as const

const streamFaults = {
  'first-error': directive(
    'stream fault',
    'Status 200, and the first event (or the whole body) is an error.',
  ),
  'error-after': directive('stream fault', 'An error event after n content chunks, then a clean end.', [
    [count('chunks', 100_000), 3],
  ]),
  'cut-after': directive('stream fault', 'The connection closes after n content chunks.', [
    [count('chunks', 100_000), 3],
  ]),
  'hang-after': directive('stream fault', 'Silence with an open connection after n content chunks.', [
    [count('chunks', 100_000), 3],
  ]),
  'no-done': directive('stream fault', 'No `[DONE]` at the end (Anthropic: no `message_stop`).'),
  'no-finish': directive('stream fault', 'No `finish_reason` (Anthropic: no `message_delta`).'),
} as const

function directive(
  group: Directive['group'],
  does: string,
  numbers: readonly (readonly [Argument, number])[] = [],
  after?: string,
): Directive {
  return {
    group,
    does,
    arguments: numbers.map(([argument]) => argument),
    example: numbers.map(([, example]) => example),
    ...(after !== undefined && { after }),
  }
}

const scenarioDirectives: Readonly<Record<string, Directive>> = Object.fromEntries(
  scenarios.map((scenario) => [`scenario-${scenario.name}`, directive('scenario', scenario.does)]),
)

const known = { ...answers, ...shapes, ...times, ...faults, ...streamFaults }

/** Names of the directives that code asks for; scenarios are looked up by their own name. */
export type DirectiveName = keyof typeof known

/** The whole grammar: everything that may follow `mock-`, in the order of the documentation. */
export const directives: ReadonlyMap<string, Directive> = new Map(
  Object.entries({ ...known, ...scenarioDirectives }),
)

/** `mock-chunks-20` for `chunks`: a model name that shows one directive. */
export function exampleModel(name: string): string {
  const directive = directives.get(name)
  return ['mock', directive?.after ?? [], name, ...(directive?.example ?? [])].flat().join('-')
}
