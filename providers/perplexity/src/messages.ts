import {
  type AnyMessage,
  type Call,
  type ChatRequest,
  functionsAsTools,
  isObject,
  type JsonObject,
  kindOf,
  refuse,
} from '@llmproxy/provider-kit'
import { type Content, contentOf, joined, textOf } from './content.ts'
import { reportMessageMembers } from './message-members.ts'
import { plainCalls, ToolHistory } from './tool-history.ts'

interface Turn {
  readonly role: 'user' | 'assistant' | 'tool'
  readonly content: Content
  /** Members beside role and content. */
  readonly more?: JsonObject
}

/** What stands in for a turn of the user that the vendor insists on. */
const opening = 'Hello.'
const continuation = 'Continue.'

/**
 * Messages in the order that the vendor insists on: one system message, then user and assistant in turns, a user or a tool
 * last. `undefined`: they are so already, and the client's bytes can stay. Throws refusals with the path.
 */
export function alternatingMessages(
  call: Call<ChatRequest>,
  { tools }: { readonly tools: boolean },
): ChatRequest['messages'] | undefined {
  const system: string[] = []
  const turns: Turn[] = []
  const history = new ToolHistory()
  const given = messagesOf(call)
  for (const [index, each] of (tools ? functionsAsTools(given) : given).entries()) {
    const path = `messages[${index}]`
    const message = messageAt(each, path)
    reportMessageMembers(message, path, call)
    if (message.role === 'system' || message.role === 'developer') {
      // The vendor has system texts at the beginning only: what came later loses its place.
      if (turns.length > 0) call.dropped(`${path}.role`)
      system.push(textOf(message, path, call))
    } else add(turns, tools ? turnOf(message, path, call) : plainTurn(message, path, { history, call }))
  }
  const written = [
    ...(system.length === 0 ? [] : [{ role: 'system', content: system.filter(Boolean).join('\n\n') }]),
    ...framed(turns).map(messageOf),
  ]
  return sameMessages(written, given) ? undefined : (written as ChatRequest['messages'])
}

function messageOf({ role, content, more }: Turn): JsonObject {
  // An assistant that only calls says nothing.
  const silent = role === 'assistant' && content === ''
  return { role, content: silent ? null : content, ...more }
}

function messagesOf({ body }: Call<ChatRequest>): ChatRequest['messages'] {
  const messages: unknown = body.messages
  if (!Array.isArray(messages)) throw refuse('messages', `must be an array, found ${kindOf(messages)}`)
  return messages as ChatRequest['messages']
}

function messageAt(message: unknown, path: string): AnyMessage {
  if (!isObject(message)) throw refuse(path, `must be an object, found ${kindOf(message)}`)
  return message as AnyMessage
}

/** A turn for an account without tools: calls and results are told in words. */
function plainTurn(
  message: AnyMessage,
  path: string,
  { history, call }: { readonly history: ToolHistory; readonly call: Call },
): Turn {
  switch (message.role) {
    case 'user':
      return { role: 'user', content: contentOf(message, path, call) }
    case 'assistant':
      return {
        role: 'assistant',
        content: joined(spoken(message, path, call), history.callsAsText(message, path)),
      }
    case 'tool':
    case 'function':
      return { role: 'user', content: history.resultAsContent(message, path, call) }
    default:
      throw refuse(`${path}.role`, `${JSON.stringify(message.role)} is not a role`)
  }
}

function turnOf(message: AnyMessage, path: string, call: Call): Turn {
  const { role, tool_calls: calls, tool_call_id: id } = message
  switch (role) {
    case 'user':
      return { role, content: contentOf(message, path, call) }
    case 'assistant':
      return {
        role,
        content: spoken(message, path, call),
        ...(Array.isArray(calls) && calls.length > 0 && { more: { tool_calls: plainCalls(calls) } }),
      }
    case 'tool':
      return { role, content: textOf(message, path, call), more: { tool_call_id: id } }
    default:
      throw refuse(`${path}.role`, `${JSON.stringify(role)} is not a role that is supported`)
  }
}

function spoken(message: AnyMessage, path: string, call: Call): string {
  const refusal = message['refusal']
  return [textOf(message, path, call), typeof refusal === 'string' ? refusal : '']
    .filter(Boolean)
    .join('\n\n')
}

/** Neighbours of one role become one turn. An assistant that says and calls nothing is none. */
function add(turns: Turn[], turn: Turn): void {
  const last = turns.at(-1)
  if (turn.role === 'assistant' && turn.content === '' && turn.more === undefined) return
  if (last === undefined || last.role !== turn.role || turn.role === 'tool') {
    turns.push(turn)
    return
  }
  const calls = [last, turn].flatMap(({ more }) => (more?.['tool_calls'] ?? []) as readonly unknown[])
  turns[turns.length - 1] = {
    role: turn.role,
    content: joined(last.content, turn.content),
    ...(calls.length > 0 && { more: { tool_calls: calls } }),
  }
}

function framed(turns: readonly Turn[]): readonly Turn[] {
  const first: Turn[] = turns[0]?.role === 'assistant' ? [{ role: 'user', content: opening }] : []
  const last = turns.at(-1)?.role
  const end: Turn[] = last === 'user' || last === 'tool' ? [] : [{ role: 'user', content: continuation }]
  return [...first, ...turns, ...end]
}

/** Shallow: texts and lists that were taken over are the same values. */
function sameMessages(written: readonly JsonObject[], given: readonly unknown[]): boolean {
  return (
    written.length === given.length &&
    written.every((message, index) => {
      const other = given[index] as JsonObject
      const names = Object.keys(message)
      return (
        names.length === Object.keys(other).length && names.every((name) => message[name] === other[name])
      )
    })
  )
}
