import {
  type Call,
  type ChatRequest,
  noParameter,
  notOffered,
  parameterMembers,
  type ParameterRule,
  type ParameterRules,
  transcript,
  type TranscriptFormat,
  type UpstreamRequest,
} from '@llmproxy/provider-kit'
import { betaHeader } from './betas.ts'
import { reportPlainMembers } from './message-members.ts'
import { modelTraits } from './models.ts'
import type { Options } from './options.ts'
import { oneAnswer } from './parameters.ts'
import { maxTokensOf } from './request.ts'
import { samplingOf } from './sampling.ts'
import { stopSequences } from './stop-sequences.ts'
import { isObject } from './wire.ts'

/** One user message `Hello` is `Human: Hello\n\nAssistant:`. */
const format: TranscriptFormat = {
  labels: { system: '', user: 'Human: ', assistant: 'Assistant: ' },
  separator: '\n\n',
  ending: 'Assistant:',
  systemFirst: true,
}

/** Without it the model would go on to write the user's next turn. */
const turnOfTheUser = 'Human:'

const together: ParameterRule = () => ({})

/** This format has the token limit, `temperature` and `stop`, and nothing else. */
const promptRules: ParameterRules = {
  ...noParameter,
  n: oneAnswer,
  max_completion_tokens: together,
  max_tokens: together,
  temperature: together,
  stop: together,
  tools: refused('tools'),
  functions: refused('functions'),
  response_format: (value) => {
    if (isObject(value) && value['type'] === 'json_schema')
      throw notOffered('response_format', 'this wire format has no structured output')
    return undefined
  },
}

/** Builds `POST /v1/messages` with the whole conversation as the text of one user message. */
export function promptRequest(call: Call<ChatRequest>, options: Options): UpstreamRequest {
  const traits = modelTraits(call.model)
  const { temperature, stop } = call.body
  const members = parameterMembers(call, promptRules)
  const prompt = transcript(call.body.messages, format)
  reportMessages(call)
  const betas = betaHeader(options.beta, call.headers['anthropic-beta'], { messages: [] })
  return {
    path: '/v1/messages',
    headers: { 'anthropic-version': options.version, ...betas },
    body: {
      model: call.model,
      max_tokens: maxTokensOf(call, traits, options),
      ...(call.stream ? { stream: true } : {}),
      ...samplingOf({ temperature }, traits, false, call),
      ...members,
      stop_sequences: [...new Set([...(stopSequences(stop, call) ?? []), turnOfTheUser])],
      messages: [{ role: 'user', content: prompt }],
    },
  }
}

/** A system message behind the first turn loses its place; members of messages have none. */
function reportMessages(call: Call<ChatRequest>): void {
  let begun = false
  call.body.messages.forEach((message, index) => {
    const path = `messages[${index}]`
    const isSystem = message.role === 'system' || message.role === 'developer'
    if (isSystem && begun) call.dropped(`${path}.role`)
    begun ||= !isSystem
    reportPlainMembers(message, path, call)
  })
}

function refused(name: string): ParameterRule {
  return (value) => {
    if (Array.isArray(value) && value.length === 0) return {}
    throw notOffered(name, 'this wire format has no tools')
  }
}
