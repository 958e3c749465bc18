import type { Call, ChatRequest } from '@llmproxy/provider-kit'

/**
 * What becomes of a request field. There is no fourth outcome.
 * - `forwarded`: sent under the same name, as it is (the vendor's own extensions)
 * - `mapped`: translated; what is lost in translation is reported where it happens
 * - `dropped`: the vendor has no equivalent; reported, unless the value asks for nothing
 */
export type Treatment = 'forwarded' | 'mapped' | 'dropped'

/** Every known field. Unknown ones are dropped and reported: the vendor answers 400 to any field it does not know. */
export const parameters = {
  model: 'mapped',
  messages: 'mapped',
  max_completion_tokens: 'mapped',
  max_tokens: 'mapped',
  temperature: 'mapped',
  top_p: 'mapped',
  top_k: 'mapped',
  n: 'mapped',
  stop: 'mapped',
  stream: 'mapped',
  stream_options: 'mapped',
  user: 'mapped',
  safety_identifier: 'mapped',
  tools: 'mapped',
  tool_choice: 'mapped',
  parallel_tool_calls: 'mapped',
  functions: 'mapped',
  function_call: 'mapped',
  response_format: 'mapped',
  reasoning_effort: 'mapped',
  service_tier: 'mapped',
  thinking: 'mapped',
  output_config: 'mapped',
  cache_control: 'forwarded',
  container: 'forwarded',
  mcp_servers: 'forwarded',
  context_management: 'forwarded',
  inference_geo: 'forwarded',
  speed: 'forwarded',
  metadata: 'dropped',
  seed: 'dropped',
  logprobs: 'dropped',
  top_logprobs: 'dropped',
  logit_bias: 'dropped',
  frequency_penalty: 'dropped',
  presence_penalty: 'dropped',
  prediction: 'dropped',
  store: 'dropped',
  verbosity: 'dropped',
  modalities: 'dropped',
  audio: 'dropped',
  prompt_cache_key: 'dropped',
  prompt_cache_retention: 'dropped',
  prompt_cache_options: 'dropped',
  web_search_options: 'dropped',
  moderation: 'dropped',
} as const satisfies Record<string, Treatment>

/** Values that ask for what the vendor does anyway, as JSON. Dropping them changes nothing. */
const neutral: ReadonlyMap<string, string> = new Map(
  Object.entries({
    metadata: '{}',
    logprobs: 'false',
    top_logprobs: '0',
    logit_bias: '{}',
    frequency_penalty: '0',
    presence_penalty: '0',
    store: 'false',
    verbosity: '"medium"',
    modalities: '["text"]',
  }),
)

/** The vendor's extensions that the client used, to be sent as they are. */
export function forwardedFields(body: Readonly<ChatRequest>): Record<string, unknown> {
  const entries = present(body).filter(([name]) => treatmentOf(name) === 'forwarded')
  return Object.fromEntries(entries)
}

/** Reports every field that asks for something and has no equivalent. */
export function reportDropped(call: Pick<Call<ChatRequest>, 'body' | 'dropped'>): void {
  for (const [name, value] of present(call.body)) {
    if (treatmentOf(name) === 'dropped' && neutral.get(name) !== JSON.stringify(value)) call.dropped(name)
  }
}

function present(body: Readonly<ChatRequest>): [string, unknown][] {
  return Object.entries(body).filter(([, value]) => value !== null && value !== undefined)
}

function treatmentOf(name: string): Treatment {
  return Object.hasOwn(parameters, name) ? parameters[name as keyof typeof parameters] : 'dropped'
}
