import {
  type Call,
  type ChatRequest,
  functionTools,
  isObject,
  kindOf,
  type Members,
  notOffered,
  refuse,
} from '@llmproxy/provider-kit'

/**
 * `response_format` in the vendor's words: the schema stands directly under `json_schema`. Throws "not offered" for a schema together
 * with tools or documents, which the vendor refuses and another provider may take.
 */
export function responseFormat({ body }: Call<ChatRequest>): Members | undefined {
  const wanted: unknown = body.response_format
  if (!isObject(wanted)) throw refuse('response_format', `must be an object, found ${kindOf(wanted)}`)
  switch (wanted['type']) {
    case 'text':
      return {}
    case 'json_object':
      // The vendor's own form has the schema here, too.
      return isObject(wanted['json_schema'])
        ? withSchema(wanted['json_schema'], body)
        : { response_format: { type: 'json_object' } }
    case 'json_schema': {
      const format = wanted['json_schema']
      const schema = isObject(format) ? format['schema'] : undefined
      if (!isObject(schema))
        throw refuse('response_format.json_schema.schema', `must be an object, found ${kindOf(schema)}`)
      return withSchema(schema, body)
    }
    default:
      throw refuse(
        'response_format.type',
        `unknown value ${JSON.stringify(wanted['type'])}; use text, json_object or json_schema`,
      )
  }
}

function withSchema(schema: object, body: Readonly<ChatRequest>): Members {
  const documents: unknown = body['documents']
  if (functionTools(body).length > 0)
    throw notOffered('response_format', 'this provider takes no JSON Schema together with tools')
  if (Array.isArray(documents) && documents.length > 0)
    throw notOffered('response_format', 'this provider takes no JSON Schema together with documents')
  return { response_format: { type: 'json_object', json_schema: schema } }
}
