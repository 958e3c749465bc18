import { isObject, type JsonObject } from '@llmproxy/provider-kit'

/** What OpenAI's chat API refuses beyond the shape of the body; `undefined`: it takes the request. */
export function chatProblem(body: unknown): string | undefined {
  if (!isObject(body)) return 'the body is no object'
  const stream = body['stream'] === true
  if (body['stream_options'] !== undefined && body['stream_options'] !== null && !stream)
    return "The 'stream_options' parameter is only allowed when 'stream' is enabled."
  if (body['parallel_tool_calls'] !== undefined && body['tools'] === undefined)
    return "'parallel_tool_calls' is only allowed when 'tools' are specified."
  if (Number(body['top_logprobs'] ?? 0) > 0 && body['logprobs'] !== true)
    return "'top_logprobs' needs 'logprobs'."
  return pairingProblem(Array.isArray(body['messages']) ? body['messages'].filter(isObject) : [])
}

/** Each call is answered by the messages right behind it, and no answer stands alone. */
function pairingProblem(messages: readonly JsonObject[]): string | undefined {
  let open = new Set<unknown>()
  for (const [index, { role, tool_calls, tool_call_id }] of messages.entries()) {
    if (role === 'tool') {
      if (!open.delete(tool_call_id)) return `messages[${index}]: no preceding tool call of this id`
      continue
    }
    if (open.size > 0) return `messages[${index}]: a tool call before it has no response`
    open = new Set(Array.isArray(tool_calls) ? tool_calls.filter(isObject).map(({ id }) => id) : [])
  }
  return open.size > 0 ? 'the last tool calls have no response' : undefined
}

/** What a model refuses that reasons, whatever it is asked. */
export function reasoningProblem(body: unknown): string | undefined {
  const refused = ['max_tokens', 'frequency_penalty', 'presence_penalty', 'logit_bias']
  const sampling = ['temperature', 'top_p', 'logprobs', 'top_logprobs']
  const found = [...refused, ...sampling].find(
    (name) => isObject(body) && body[name] !== undefined && body[name] !== null,
  )
  return found && `Unsupported parameter: '${found}' is not supported with this model.`
}
