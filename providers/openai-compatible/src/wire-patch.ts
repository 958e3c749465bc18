import type { OperationName, Patch } from '@llmproxy/provider-kit'

/** Which of two names for the same thing the server understands; absent: both are left alone. */
export interface WireNames {
  readonly max_tokens_field?: 'max_tokens' | 'max_completion_tokens' | undefined
  readonly developer_role?: 'developer' | 'system' | undefined
}

type Body = Readonly<Record<string, unknown>>

/** The members of a request body to rewrite for this server; `undefined` when there is nothing to do. Loses nothing. */
export function wirePatch(body: Body, operation: OperationName, names: WireNames): Patch | undefined {
  if (operation !== 'chat') return undefined
  const patch = { ...maxTokens(body, names.max_tokens_field), ...messages(body, names.developer_role) }
  return Object.keys(patch).length === 0 ? undefined : patch
}

function maxTokens(body: Body, wanted: WireNames['max_tokens_field']): Patch {
  if (wanted === undefined) return {}
  const other = wanted === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens'
  return body[other] === undefined ? {} : { [other]: undefined, [wanted]: body[wanted] ?? body[other] }
}

function messages(body: Body, wanted: WireNames['developer_role']): Patch {
  const other = wanted === 'system' ? 'developer' : 'system'
  if (wanted === undefined || !Array.isArray(body.messages)) return {}
  const list: unknown[] = body.messages
  if (!list.some((message) => roleOf(message) === other)) return {}
  return {
    messages: list.map((message) =>
      roleOf(message) === other ? { ...(message as object), role: wanted } : message,
    ),
  }
}

function roleOf(message: unknown): unknown {
  return (message as { role?: unknown } | null)?.role
}
