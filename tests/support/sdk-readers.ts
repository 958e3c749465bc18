import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { ChatOpenAI } from '@langchain/openai'
import { type ModelMessage, streamText } from 'ai'
import OpenAI from 'openai'
import type { Reading } from './reading.ts'

/** A client library that streams one chat answer to the user message `Hi`. Rejects when the library reports an error. */
export type SdkReader = (url: string, model: string, fetch: typeof globalThis.fetch) => Promise<Reading>

/** The official SDK's stream, put together by hand as its documentation shows. */
export const openaiReading: SdkReader = async (url, model, fetch) => {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'client-key', fetch, maxRetries: 0 })
  const stream = await client.chat.completions.create({
    model,
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: 'Hi' }],
  })
  const calls: { name: string; arguments: string }[] = []
  let text = ''
  let reasoning = ''
  let finish: string | null = null
  for await (const { choices } of stream) {
    for (const { delta, finish_reason: reason } of choices) {
      text += delta.content ?? ''
      reasoning += (delta as { reasoning_content?: string }).reasoning_content ?? ''
      finish = reason ?? finish
      for (const { index, function: part } of delta.tool_calls ?? []) {
        const call = (calls[index] ??= { name: '', arguments: '' })
        call.name += part?.name ?? ''
        call.arguments += part?.arguments ?? ''
      }
    }
  }
  return { text, reasoning, toolCalls: calls, finish }
}

/** LangChain adds chunks up: what stands in two of them is doubled. */
export const langchainReading: SdkReader = async (url, model, fetch) => {
  const client = new ChatOpenAI({
    model,
    apiKey: 'client-key',
    maxRetries: 0,
    configuration: { baseURL: `${url}/v1`, fetch },
  })
  const chunks = []
  for await (const chunk of await client.stream('Hi')) chunks.push(chunk)
  const [first, ...rest] = chunks
  if (first === undefined) throw new Error('LangChain saw no chunk')
  const sum = rest.reduce((sum, chunk) => sum.concat(chunk), first)
  const { finish_reason: finish } = sum.response_metadata as { finish_reason?: string }
  const { reasoning_content: reasoning } = sum.additional_kwargs as { reasoning_content?: string }
  const toolCalls = (sum.tool_call_chunks ?? []).map((call) => ({
    name: call.name ?? '',
    arguments: call.args ?? '',
  }))
  return { text: sum.text, reasoning: reasoning ?? '', toolCalls, finish: finish ?? null }
}

/** The AI SDK checks every frame against a schema. */
export const aiSdkReading: SdkReader = async (url, model, fetch) => {
  const provider = createOpenAICompatible({
    name: 'llmproxy',
    baseURL: `${url}/v1`,
    apiKey: 'client-key',
    includeUsage: true,
    fetch,
  })
  const messages: ModelMessage[] = [{ role: 'user', content: 'Hi' }]
  const stream = streamText({ model: provider(model), messages, maxRetries: 0, onError: () => undefined })
  let text = ''
  let reasoning = ''
  let finish: string | null = null
  const toolCalls: { name: string; arguments: string }[] = []
  for await (const part of stream.fullStream) {
    if (part.type === 'error') throw part.error
    if (part.type === 'text-delta') text += part.text
    if (part.type === 'reasoning-delta') reasoning += part.text
    if (part.type === 'finish') finish = part.finishReason.replace('-', '_')
    if (part.type === 'tool-call')
      toolCalls.push({ name: part.toolName, arguments: JSON.stringify(part.input) })
  }
  return { text, reasoning, toolCalls, finish }
}
