import { type Call, type ChatRequest, isObject, type JsonObject } from '@llmproxy/provider-kit'
import { openApiSchema } from './schema.ts'

/** `response_format` as members of `generationConfig`. `fullSchemas`: as JSON Schema. Reports a form that nobody knows. */
export function responseFormat(call: Call<ChatRequest>, fullSchemas: boolean): JsonObject {
  const format: unknown = call.body.response_format
  if (format === undefined || format === null) return {}
  const type = isObject(format) ? format['type'] : undefined
  const json = { responseMimeType: 'application/json' }
  if (type === 'text') return {}
  if (type === 'json_object') return json
  if (!isObject(format) || type !== 'json_schema') {
    call.dropped('response_format')
    return {}
  }
  const described = format['json_schema']
  const schema = isObject(described) ? described['schema'] : undefined
  if (!isObject(schema)) return json
  return fullSchemas
    ? { ...json, responseJsonSchema: schema }
    : { ...json, responseSchema: openApiSchema(schema, 'response_format.json_schema.schema') }
}
