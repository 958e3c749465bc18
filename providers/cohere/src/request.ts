import {
  type Call,
  type ChatRequest,
  notOffered,
  parameterMembers,
  type UpstreamRequest,
} from '@llmproxy/provider-kit'
import { conversationOf } from './messages.ts'
import { parameterRules } from './parameters.ts'

/** `POST /v2/chat`. */
export function chatRequest(call: Call<ChatRequest>): UpstreamRequest {
  const members = parameterMembers(call, parameterRules)
  const { messages, documents } = conversationOf(call)
  if (documents.length > 0) members['documents'] = [...listOf(members['documents']), ...documents]
  refuseSchemaWithDocuments(members)
  return {
    path: '/v2/chat',
    body: { model: call.model, messages, ...(call.stream && { stream: true }), ...members },
  }
}

/** Files in messages are documents too, and known only now. */
function refuseSchemaWithDocuments({ documents, response_format: format }: Record<string, unknown>): void {
  const hasSchema = typeof format === 'object' && format !== null && 'json_schema' in format
  if (hasSchema && listOf(documents).length > 0)
    throw notOffered('response_format', 'this provider takes no JSON Schema together with documents')
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
