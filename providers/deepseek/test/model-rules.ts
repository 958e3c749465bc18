import type { ChatBody } from './request-schema.ts'

/** The models that the simulated vendor has. */
export const models = ['deepseek-chat', 'deepseek-reasoner', 'deepseek-v4'] as const

/** What is wrong with a body whose fields are fine one by one. */
export function modelProblem(body: ChatBody): string | undefined {
  const rules = [thinkingProblem, reasonerProblem, replayProblem, formatProblem, streamProblem, pairProblem]
  return rules.map((rule) => rule(body)).find((problem) => problem !== undefined)
}

function thinkingProblem({ model, thinking, reasoning_effort: effort }: ChatBody): string | undefined {
  const asked = thinking !== undefined || effort !== undefined
  return asked && model !== 'deepseek-v4' ? 'thinking is not supported by this model' : undefined
}

function reasonerProblem({ model, logprobs, top_logprobs: top, messages }: ChatBody): string | undefined {
  if (model !== 'deepseek-reasoner') return undefined
  if (logprobs !== undefined || top !== undefined) return 'deepseek-reasoner does not support logprobs'
  const replayed = messages.some((message) => 'reasoning_content' in message)
  return replayed ? 'reasoning_content is not supported in input messages' : undefined
}

function replayProblem({ model, messages, tools = [] }: ChatBody): string | undefined {
  if (model !== 'deepseek-v4' || tools.length === 0) return undefined
  const silent = messages.some(
    (message) => message.role === 'assistant' && message.reasoning_content === undefined,
  )
  return silent ? 'The reasoning_content in the thinking mode must be passed back' : undefined
}

function formatProblem({ response_format: format, messages }: ChatBody): string | undefined {
  if (format?.type !== 'json_object' || messages.some(({ content }) => content?.includes('json')))
    return undefined
  return "Prompt must contain the word 'json' in some form to use 'response_format' of type 'json_object'."
}

function streamProblem({ stream, stream_options: options }: ChatBody): string | undefined {
  return options !== undefined && stream !== true
    ? 'stream_options should be set along with stream = true'
    : undefined
}

/** Each call is answered right behind its message, and nothing else is. */
function pairProblem({ messages }: ChatBody): string | undefined {
  const open = new Set<string>()
  for (const message of messages) {
    if (message.role === 'tool') {
      if (!open.delete(message.tool_call_id))
        return "Messages with role 'tool' must be a response to a preceding message with 'tool_calls'"
      continue
    }
    if (open.size > 0) break
    if (message.role === 'assistant') {
      if (message.content === null && message.tool_calls === undefined)
        return 'an assistant message must have content or tool_calls'
      for (const { id } of message.tool_calls ?? []) open.add(id)
    }
  }
  return open.size === 0
    ? undefined
    : `An assistant message with 'tool_calls' must be followed by tool messages. (insufficient tool messages: ${[...open].join()})`
}
