/**
 * Every member of a chat request that OpenAI's API knows, in the order of its reference, with the value that asks for what happens anyway.
 * `undefined`: there is none. `model`, `messages`, `stream` and `stream_options` are not parameters: the call and the gateway have them.
 */
export const chatParameters = {
  max_completion_tokens: undefined,
  max_tokens: undefined,
  temperature: undefined,
  top_p: undefined,
  n: 1,
  stop: undefined,
  seed: undefined,
  frequency_penalty: 0,
  presence_penalty: 0,
  logit_bias: {},
  logprobs: false,
  top_logprobs: 0,
  tools: [],
  tool_choice: 'auto',
  parallel_tool_calls: true,
  functions: [],
  function_call: 'auto',
  response_format: { type: 'text' },
  reasoning_effort: undefined,
  verbosity: 'medium',
  user: '',
  safety_identifier: '',
  metadata: {},
  store: false,
  service_tier: 'auto',
  modalities: ['text'],
  audio: undefined,
  prediction: undefined,
  prompt_cache_key: '',
  prompt_cache_retention: undefined,
  prompt_cache_options: undefined,
  web_search_options: undefined,
  moderation: undefined,
} as const satisfies Record<string, unknown>

export type ChatParameter = keyof typeof chatParameters

const neutral: ReadonlyMap<string, string> = new Map(
  Object.entries(chatParameters).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, JSON.stringify(value)]],
  ),
)

/** Whether a member asks for nothing: it is absent, `null`, or says what happens anyway. Leaving it out loses nothing. */
export function asksForNothing(name: string, value: unknown): boolean {
  if (value === undefined || value === null) return true
  const usual = neutral.get(name)
  return usual !== undefined && usual === JSON.stringify(value)
}
