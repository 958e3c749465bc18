import {
  type Call,
  type ChatRequest,
  functionTools,
  isObject,
  type JsonObject,
  kindOf,
  notOffered,
  refuse,
} from '@llmproxy/provider-kit'
import { modelTraits } from './models.ts'

/** A tool whose input is the answer: the way in which models without a decoder for schemas are held to one. */
export interface AnswerTool {
  readonly name: string
  readonly description?: string
  readonly schema: JsonObject
}

/**
 * The tool that `response_format` asks for; `undefined` when it asks for none. Deterministic: the answer is read with what it says
 * about the request. Throws for a schema that is none, and for models that may not know how to be made to call a tool.
 */
export function answerTool(call: Pick<Call<ChatRequest>, 'body' | 'model'>): AnswerTool | undefined {
  const format: unknown = call.body.response_format
  if (!isObject(format) || format['type'] !== 'json_schema') return undefined
  if (!modelTraits(call.model).forcesTools)
    throw notOffered(
      'response_format',
      'this provider has structured output of Claude models only; use a tool',
    )
  const { json_schema: wish } = format
  if (!isObject(wish)) throw refuse('response_format.json_schema', `must be an object, found ${kindOf(wish)}`)
  const { schema = {}, description } = wish
  if (!isObject(schema))
    throw refuse(
      'response_format.json_schema.schema',
      `must be a JSON Schema object, found ${kindOf(schema)}`,
    )
  const described = typeof description === 'string' && description.trim() !== '' ? { description } : {}
  return { name: unusedName(call.body), ...described, schema: { type: 'object', ...schema } }
}

function unusedName(body: Readonly<ChatRequest>): string {
  const taken = new Set(functionTools(body).map(({ name }) => name))
  let name = 'json'
  for (let count = 2; taken.has(name); count += 1) name = `json_${count}`
  return name
}
