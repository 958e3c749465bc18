import type { OperationName } from '@llmproxy/provider-kit'
import type { IngressBody } from '../ingress/ingress.ts'

/** Features that a request uses and that some providers lack. */
export interface Needs {
  readonly tools: boolean
  readonly images: boolean
  readonly json_schema: boolean
}

const nothing: Needs = Object.freeze({ tools: false, images: false, json_schema: false })

/** What the body asks for. Reads only what it must; a body of any shape is fine. */
export function needsOf(operation: OperationName, body: IngressBody): Needs {
  if (operation !== 'chat') return nothing
  const tools = isFilled(body['tools']) || isFilled(body['functions'])
  const images = hasImages(body['messages'])
  const json_schema = memberOf(body['response_format'], 'type') === 'json_schema'
  return tools || images || json_schema ? { tools, images, json_schema } : nothing
}

function hasImages(messages: unknown): boolean {
  if (!Array.isArray(messages)) return false
  for (const message of messages) {
    const content = memberOf(message, 'content')
    if (!Array.isArray(content)) continue
    for (const part of content) if (memberOf(part, 'type') === 'image_url') return true
  }
  return false
}

function isFilled(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}
