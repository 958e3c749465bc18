import type { ChatParameter } from '@llmproxy/provider-kit'

const functionSample = {
  name: 'get_weather',
  description: 'The weather of a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}
const tools = [{ type: 'function', function: functionSample }]

/** Values of each chat parameter that ask for something; no vendor could take one for what happens anyway. */
export const chatParameterSamples: Readonly<Record<ChatParameter, readonly unknown[]>> = {
  max_completion_tokens: [200],
  max_tokens: [100],
  temperature: [0.7],
  top_p: [0.9],
  n: [2],
  stop: ['END', ['END', 'STOP']],
  seed: [7],
  frequency_penalty: [0.5],
  presence_penalty: [0.5],
  logit_bias: [{ '50256': -100 }],
  logprobs: [true],
  top_logprobs: [2],
  tools: [tools],
  tool_choice: ['required', { type: 'function', function: { name: 'get_weather' } }],
  parallel_tool_calls: [false],
  functions: [[functionSample]],
  function_call: [{ name: 'get_weather' }],
  response_format: [
    { type: 'json_object' },
    { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema: functionSample.parameters } },
  ],
  reasoning_effort: ['high'],
  verbosity: ['low'],
  user: ['user-1'],
  safety_identifier: ['user-1'],
  metadata: [{ trace: 'a' }],
  store: [true],
  service_tier: ['flex'],
  modalities: [['text', 'audio']],
  audio: [{ voice: 'alloy', format: 'wav' }],
  prediction: [{ type: 'content', content: 'The weather' }],
  prompt_cache_key: ['key-1'],
  prompt_cache_retention: ['24h'],
  prompt_cache_options: [{ ttl: '1h' }],
  web_search_options: [{ search_context_size: 'low' }],
  moderation: [{ model: 'omni-moderation-latest' }],
}

/** What must stand beside a parameter for it to mean something. */
export const companions: Readonly<Partial<Record<ChatParameter, Readonly<Record<string, unknown>>>>> = {
  top_logprobs: { logprobs: true },
  tool_choice: { tools },
  parallel_tool_calls: { tools },
  function_call: { functions: [functionSample] },
  audio: { modalities: ['text', 'audio'] },
}
