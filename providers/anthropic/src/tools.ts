import { type ChatRequest, kindOf, refuse, stringAt } from '@llmproxy/provider-kit'
import { cacheMark } from './cache-mark.ts'
import type { Reporter } from './reporter.ts'
import type { ModelTraits } from './models.ts'
import { cleanSchema } from './schema.ts'
import { reportFunctionMembers } from './message-members.ts'
import { isObject, type JsonObject, type ToolDefinition } from './wire.ts'

/** All tools of a request, `functions` of old clients included, in the client's order. */
export function toolDefinitions(
  body: Readonly<ChatRequest>,
  traits: ModelTraits,
  report: Reporter,
): ToolDefinition[] {
  const tools = listAt(body.tools, 'tools').map((tool, index) =>
    definition(tool, `tools[${index}]`, traits, report),
  )
  const functions = listAt(body['functions'], 'functions').map((called, index) =>
    functionTool(called, `functions[${index}]`, traits, report),
  )
  return [...tools, ...functions]
}

/** True when the client speaks the form of tool use that OpenAI deprecated, and wants its answer in that form. */
export function usesLegacyFunctions(body: Readonly<ChatRequest>): boolean {
  return listAt(body['functions'], 'functions').length > 0 && listAt(body.tools, 'tools').length === 0
}

/** The names of the client's own tools. */
export function toolNames(body: Readonly<ChatRequest>): readonly unknown[] {
  const tools = listAt(body.tools, 'tools').map((tool) =>
    isObject(tool['function']) ? tool['function'] : tool,
  )
  return [...tools, ...listAt(body['functions'], 'functions')].map((tool) => tool['name'])
}

function listAt(list: unknown, path: string): JsonObject[] {
  if (list === undefined || list === null) return []
  if (!Array.isArray(list)) throw refuse(path, `must be an array, found ${kindOf(list)}`)
  return list.map((item: unknown, index) => {
    if (!isObject(item)) throw refuse(`${path}[${index}]`, `must be an object, found ${kindOf(item)}`)
    return item
  })
}

function definition(tool: JsonObject, path: string, traits: ModelTraits, report: Reporter): ToolDefinition {
  if (tool['type'] === 'function') {
    // Flat, as some clients send them: the gateway lets them pass.
    if (tool['function'] === undefined && typeof tool['name'] === 'string')
      return functionTool(tool, path, traits, report)
    if (!isObject(tool['function'])) {
      throw refuse(`${path}.function`, `must be an object, found ${kindOf(tool['function'])}`)
    }
    return { ...functionTool(tool['function'], `${path}.function`, traits, report), ...cacheMark(tool) }
  }
  if (tool['type'] === 'custom' && !isObject(tool['input_schema'])) {
    throw refuse(
      path,
      'custom tools with free-form input are not supported by this provider; use a function tool',
    )
  }
  // Everything else is one of the vendor's own tools, in the vendor's own words.
  stringAt(tool, 'type', path)
  return tool as ToolDefinition
}

function functionTool(
  called: JsonObject,
  path: string,
  traits: ModelTraits,
  report: Reporter,
): ToolDefinition {
  const name = stringAt(called, 'name', path)
  if (!/^[a-zA-Z0-9_-]{1,128}$/.test(name)) {
    throw refuse(`${path}.name`, `${JSON.stringify(name)} must be 1 to 128 letters, digits, _ or -`)
  }
  const strict = called['strict'] === true && traits.structuredOutput
  if (called['strict'] === true && !strict) report.dropped(`${path}.strict`)
  const schema = inputSchema(called['parameters'], `${path}.parameters`)
  const clean = strict ? cleanSchema(schema) : { schema, lossy: false }
  if (clean.lossy) report.dropped(`${path}.parameters`)
  reportFunctionMembers(called, path, report)
  return {
    name,
    ...(typeof called['description'] === 'string' ? { description: called['description'] } : {}),
    input_schema: clean.schema,
    ...(strict ? { strict } : {}),
    ...cacheMark(called),
  }
}

function inputSchema(parameters: unknown, path: string): JsonObject {
  if (parameters === undefined || parameters === null) return { type: 'object', properties: {} }
  if (!isObject(parameters)) throw refuse(path, `must be a JSON Schema object, found ${kindOf(parameters)}`)
  return { type: 'object', ...parameters }
}
