import {
  asksForNothing,
  type Call,
  type Completion,
  type CompletionRequest,
  joinedCompletions,
  kindOf,
  type Operation,
  promptParts,
  refuse,
  type UpstreamRequest,
} from '@llmproxy/provider-kit'

/** Ignored by the server; the second is the value that asks for nothing. */
const ignored: readonly (readonly [string, unknown])[] = [
  ['logit_bias', undefined],
  ['user', undefined],
  ['echo', false],
  ['best_of', 1],
]

/** Legacy completions at the server's own endpoint, which takes one prompt at a time. */
export const completions: Operation<CompletionRequest, Completion, never> = {
  request: completionRequest,
  split: ({ body }) => promptParts(body),
  join: joinedCompletions,
}

function completionRequest(call: Call<CompletionRequest>): UpstreamRequest {
  const { body } = call
  if (typeof body.n === 'number' && body.n > 1)
    throw refuse('n', 'this provider gives one answer; send n requests instead')
  const patch: Record<string, unknown> = {}
  if (body.n !== undefined) patch['n'] = undefined
  for (const [name, neutral] of ignored) {
    const value = body[name]
    if (value === undefined) continue
    patch[name] = undefined
    if (value !== neutral && !asksForNothing(name, value)) call.dropped(name)
  }
  const prompt = promptOf(body.prompt)
  if (prompt !== body.prompt) patch['prompt'] = prompt
  return { path: '/v1/completions', ...(Object.keys(patch).length > 0 && { patch }) }
}

/** One prompt as a text. Several are split before, and losses are reported by a request that is never sent. */
function promptOf(prompt: unknown): unknown {
  if (typeof prompt === 'string') return prompt
  if (!Array.isArray(prompt)) throw refuse('prompt', `must be a string, found ${kindOf(prompt)}`)
  const position = prompt.findIndex((each: unknown) => typeof each !== 'string')
  if (position !== -1)
    throw refuse(`prompt[${position}]`, 'must be a text: this provider takes no token arrays')
  if (prompt.length === 0) throw refuse('prompt', 'is empty')
  return prompt.length === 1 ? prompt[0] : prompt
}
