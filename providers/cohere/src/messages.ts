import {
  type Call,
  type ChatRequest,
  functionsAsTools,
  isObject,
  type JsonObject,
  kindOf,
  parsedArguments,
  refuse,
  stringAt,
} from '@llmproxy/provider-kit'
import { resultContent, type TextDocument, textOf, userContent } from './content.ts'
import { sentNames, type ToolNames } from './tool-names.ts'

/** A conversation in the vendor's words, and the text files that were in its messages. */
export interface Conversation {
  readonly messages: readonly object[]
  readonly documents: readonly TextDocument[]
}

/** Members of each role that are translated, or describe an answer which a client keeps and sends back. */
const understood: Readonly<Record<string, readonly string[]>> = {
  system: [],
  user: [],
  assistant: [
    'tool_calls',
    'tool_plan',
    'refusal',
    'annotations',
    'citations',
    'audio',
    'reasoning',
    'reasoning_content',
    'reasoning_details',
  ],
  tool: ['tool_call_id'],
}

interface Draft {
  readonly call: Call<ChatRequest>
  readonly names: ToolNames
  readonly documents: TextDocument[]
}

/** The conversation as the vendor takes it. Throws a refusal, with its path, for what the vendor would refuse. */
export function conversationOf(call: Call<ChatRequest>): Conversation {
  const draft: Draft = { call, names: sentNames(call.body), documents: [] }
  const given = functionsAsTools(call.body.messages)
  const messages = given.flatMap((message, index) => {
    const written = writtenMessage(message, `messages[${index}]`, draft)
    // A message without a word says nothing; the last one stays, for there must be one.
    return index < given.length - 1 && written['content'] === '' && written['role'] !== 'tool'
      ? []
      : [written]
  })
  return { messages, documents: draft.documents }
}

function writtenMessage(message: JsonObject, path: string, draft: Draft): JsonObject {
  const role = message['role'] === 'developer' ? 'system' : message['role']
  const known = typeof role === 'string' && Object.hasOwn(understood, role) ? understood[role] : undefined
  if (known === undefined) throw refuse(`${path}.role`, `unknown role ${JSON.stringify(role)}`)
  for (const [name, value] of Object.entries(message)) {
    if (name === 'role' || name === 'content' || known.includes(name)) continue
    if (value !== null && value !== undefined) draft.call.dropped(`${path}.${name}`)
  }
  switch (role) {
    case 'user': {
      const { content, documents } = userContent(message['content'], `${path}.content`, draft.call)
      draft.documents.push(...documents)
      return { role, content }
    }
    case 'assistant':
      return assistantMessage(message, path, draft)
    case 'tool': {
      const id = stringAt(message, 'tool_call_id', path)
      return {
        role,
        tool_call_id: id,
        content: resultContent(message['content'], `${path}.content`, draft.call),
      }
    }
    default:
      return { role, content: textOf(message['content'], `${path}.content`, draft.call) }
  }
}

function assistantMessage(message: JsonObject, path: string, { names, call }: Draft): JsonObject {
  const { refusal, tool_calls: calls, tool_plan: plan } = message
  const said = textOf(message['content'], `${path}.content`, call)
  const text = said === '' && typeof refusal === 'string' ? refusal : said
  if (calls !== undefined && calls !== null && !Array.isArray(calls))
    throw refuse(`${path}.tool_calls`, `must be an array, found ${kindOf(calls)}`)
  if (!Array.isArray(calls) || calls.length === 0) return { role: 'assistant', content: text }
  // The vendor has no content beside calls: what was said is the plan.
  const plans = [plan, text].filter((each) => typeof each === 'string' && each !== '')
  return {
    role: 'assistant',
    tool_calls: calls.map((called: unknown, index) =>
      writtenCall(called, `${path}.tool_calls[${index}]`, names),
    ),
    ...(plans.length > 0 && { tool_plan: plans.join('\n') }),
  }
}

function writtenCall(called: unknown, path: string, names: ToolNames): object {
  if (!isObject(called)) throw refuse(path, `must be an object, found ${kindOf(called)}`)
  const named = called['function']
  if (!isObject(named)) throw refuse(`${path}.function`, `must be an object, found ${kindOf(named)}`)
  const parsed = parsedArguments(named['arguments'], `${path}.function.arguments`)
  return {
    id: stringAt(called, 'id', path),
    type: 'function',
    function: {
      name: names.sent(stringAt(named, 'name', `${path}.function`)),
      arguments: JSON.stringify(parsed),
    },
  }
}
