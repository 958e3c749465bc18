import { type Call, type ChatRequest, parameterMembers, type UpstreamRequest } from '@llmproxy/provider-kit'
import { conversationOf } from './messages.ts'
import { modelFamily, modelId, modelPath } from './model-family.ts'
import type { Options } from './options.ts'
import { parameters } from './parameters.ts'
import { responseFormat } from './response-format.ts'
import { toolSettings } from './tools.ts'

/** Builds `:generateContent`, or `:streamGenerateContent` as server-sent events. */
export function contentRequest(call: Call<ChatRequest>, options: Options): UpstreamRequest {
  const family = modelFamily(modelId(call.model))
  const { schema_dialect: dialect } = options
  const fullSchemas = dialect === 'auto' ? family.jsonSchema : dialect === 'json-schema'
  const { safetySettings, cachedContent, ...sampling } = parameterMembers(call, parameters)
  const generationConfig = { ...sampling, ...responseFormat(call, fullSchemas) }
  const { system, contents } = conversationOf(call, family.signedCalls)
  const safety = safetySettings ?? (options.safety_settings.length > 0 ? options.safety_settings : undefined)
  const body = {
    ...(system.length > 0 && { systemInstruction: { parts: system } }),
    ...toolSettings(call, fullSchemas),
    ...(Object.keys(generationConfig).length > 0 && { generationConfig }),
    ...(safety !== undefined && { safetySettings: safety }),
    ...(cachedContent !== undefined && { cachedContent }),
    contents,
  }
  const method = call.stream ? 'streamGenerateContent?alt=sse' : 'generateContent'
  return { path: modelPath(call.model, method), body }
}
