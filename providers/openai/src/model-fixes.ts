import type { Call, ChatRequest, Patch } from '@llmproxy/provider-kit'

/** Refused by reasoning models whatever the effort, with the value that asks for nothing. */
const neverAccepted: Readonly<Record<string, unknown>> = {
  frequency_penalty: 0,
  presence_penalty: 0,
  logit_bias: undefined,
}

/** Refused by reasoning models unless they are told not to reason, with the value that asks for nothing. */
const samplingOnly: Readonly<Record<string, unknown>> = {
  temperature: 1,
  top_p: 1,
  logprobs: false,
  top_logprobs: undefined,
}

/** What has to change in a chat request for its model; `undefined` for everything but reasoning models. */
export function modelFixes(call: Call<ChatRequest>): Patch | undefined {
  const family = reasoningFamily(call.model)
  if (family === undefined) return undefined
  const { body } = call
  const patch: Record<string, unknown> = {}
  if (body.max_tokens !== undefined) {
    patch.max_tokens = undefined
    patch.max_completion_tokens = body.max_completion_tokens ?? body.max_tokens
  }
  const sampling = family.canSkipReasoning && body.reasoning_effort === 'none' ? {} : samplingOnly
  for (const [name, neutral] of Object.entries({ ...sampling, ...neverAccepted })) {
    if (body[name] === undefined) continue
    patch[name] = undefined
    if (body[name] !== null && body[name] !== neutral) call.dropped(name)
  }
  return Object.keys(patch).length === 0 ? undefined : patch
}

/** `undefined` for models that do not reason, for fine-tuned models (`ft:…`) and for names we do not know. */
export function reasoningFamily(model: string): { readonly canSkipReasoning: boolean } | undefined {
  if (/^o\d+(?:-|$)/.test(model)) return { canSkipReasoning: false }
  const [matched, major = '', minor = '', variant = ''] =
    /^gpt-(\d+)(?:\.(\d+))?(?:-(.+))?$/.exec(model) ?? []
  if (matched === undefined || Number(major) < 5 || variant.startsWith('chat')) return undefined
  return { canSkipReasoning: Number(major) > 5 || Number(minor) >= 1 }
}
