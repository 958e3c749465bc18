import { isObject, type JsonObject } from './frame-rules-shape.ts'
import { kindOf, refuse, stringAt } from './refusals.ts'
import type { ChatRequest } from './wire.ts'

/** A function that the model may call, as every vendor has it in some form. */
export interface FunctionTool {
  readonly name: string
  readonly description?: string
  /** A JSON Schema of an object; absent: no arguments. */
  readonly parameters?: JsonObject
  readonly strict: boolean
  /** Where it stands in the client's body, for messages. */
  readonly path: string
}

/** What the client wants of the tools; `named` are the only ones that may be called. */
export type ToolWish =
  | { readonly mode: 'auto' | 'none' | 'required' }
  | { readonly mode: 'required' | 'auto'; readonly named: readonly string[] }

/** The function tools of a request, `functions` of old clients included. Throws a refusal for anything else. */
export function functionTools(body: Readonly<ChatRequest>): FunctionTool[] {
  const tools = listAt(body.tools, 'tools').map((tool, index) => {
    const path = `tools[${index}]`
    if (tool['type'] !== 'function')
      throw refuse(
        `${path}.type`,
        `only function tools are supported by this provider, found ${JSON.stringify(tool['type'])}`,
      )
    const called = tool['function']
    if (isObject(called)) return functionTool(called, `${path}.function`)
    // Flat, as some clients send them: the gateway lets them pass.
    if (called === undefined && typeof tool['name'] === 'string') return functionTool(tool, path)
    throw refuse(`${path}.function`, `must be an object, found ${kindOf(called)}`)
  })
  const functions = listAt(body['functions'], 'functions').map((called, index) =>
    functionTool(called, `functions[${index}]`),
  )
  return [...tools, ...functions]
}

/** Reads `tool_choice`, and `function_call` of old clients; `undefined` when the client says nothing. */
export function toolWish(body: Readonly<ChatRequest>): ToolWish | undefined {
  const choice: unknown = body.tool_choice ?? body['function_call']
  if (choice === undefined || choice === null) return undefined
  if (choice === 'auto' || choice === 'none' || choice === 'required') return { mode: choice }
  if (isObject(choice)) {
    const { allowed_tools: allowed } = choice
    if (choice['type'] === 'allowed_tools' && isObject(allowed)) return allowedTools(allowed)
    const holder = isObject(choice['function']) ? choice['function'] : choice
    if (typeof holder['name'] === 'string') return { mode: 'required', named: [holder['name']] }
  }
  throw refuse('tool_choice', 'must be "auto", "none", "required" or name a function')
}

function allowedTools(allowed: JsonObject): ToolWish {
  const named = listAt(allowed['tools'], 'tool_choice.allowed_tools.tools').map((tool, index) => {
    const holder = isObject(tool['function']) ? tool['function'] : tool
    return stringAt(holder, 'name', `tool_choice.allowed_tools.tools[${index}]`)
  })
  return { mode: allowed['mode'] === 'required' ? 'required' : 'auto', named }
}

/** The arguments of a call in an assistant message, parsed. Blank and `null` mean none. */
export function parsedArguments(text: unknown, path: string): JsonObject {
  if (text === undefined || text === null) return {}
  if (isObject(text)) return text
  if (typeof text !== 'string') throw refuse(path, `must be a string, found ${kindOf(text)}`)
  if (text.trim() === '' || text.trim() === 'null') return {}
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value)) return value
  } catch {
    // Told below: an argument string that is no object has the same remedy.
  }
  throw refuse(path, 'must be the text of a JSON object')
}

function functionTool(called: JsonObject, path: string): FunctionTool {
  const name = stringAt(called, 'name', path)
  const { description, parameters } = called
  if (parameters !== undefined && parameters !== null && !isObject(parameters))
    throw refuse(`${path}.parameters`, `must be a JSON Schema object, found ${kindOf(parameters)}`)
  return {
    name,
    ...(typeof description === 'string' && { description }),
    ...(isObject(parameters) && { parameters }),
    strict: called['strict'] === true,
    path,
  }
}

function listAt(list: unknown, path: string): JsonObject[] {
  if (list === undefined || list === null) return []
  if (!Array.isArray(list)) throw refuse(path, `must be an array, found ${kindOf(list)}`)
  return list.map((item: unknown, index) => {
    if (!isObject(item)) throw refuse(`${path}[${index}]`, `must be an object, found ${kindOf(item)}`)
    return item
  })
}
