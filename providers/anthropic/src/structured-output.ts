import { type ChatRequest, kindOf, refuse } from '@llmproxy/provider-kit'
import type { Reporter } from './reporter.ts'
import { type ModelTraits, modelTraits } from './models.ts'
import { cleanSchema } from './schema.ts'
import { isForced, toolWish } from './tool-choice.ts'
import { toolNames } from './tools.ts'
import { type Block, isObject, type JsonObject, type ToolDefinition } from './wire.ts'

/**
 * How `response_format` is asked for: with the vendor's own format, with a tool whose input is the answer (older models),
 * or with a sentence (`json_object`, which the vendor does not have).
 */
export interface OutputPlan {
  readonly format?: JsonObject
  readonly tool?: ToolDefinition
  readonly system?: Block
}

const jsonHint =
  'Answer with exactly one JSON object and nothing else: no text before or after it, no code fence.'

/** Plans the answer's form and reports what cannot be guaranteed. */
export function outputPlan(body: Readonly<ChatRequest>, traits: ModelTraits, report: Reporter): OutputPlan {
  const wanted = body.response_format
  if (wanted === undefined || wanted === null || wanted.type === 'text') return {}
  const schema = wantedSchema(body)
  if (schema === undefined) {
    report.dropped('response_format')
    return { system: { type: 'text', text: jsonHint } }
  }
  if (traits.structuredOutput)
    return { format: nativeFormat(schema, wanted.json_schema?.description, report) }
  const name = answerTool(body, traits)
  return name === undefined
    ? {}
    : { tool: { name, ...describe(body), input_schema: { type: 'object', ...schema } } }
}

/** The name of the tool whose input is the answer, or `undefined` when this call uses none. The same for the whole call. */
export function answerToolName(call: {
  readonly model: string
  readonly body: Readonly<ChatRequest>
}): string | undefined {
  const traits = modelTraits(call.model)
  return wantedSchema(call.body) === undefined ? undefined : answerTool(call.body, traits)
}

function answerTool(body: Readonly<ChatRequest>, traits: ModelTraits): string | undefined {
  // A client that forces one of its own tools wants that call, and no answer in this turn.
  if (traits.structuredOutput || isForced(toolWish(body).choice)) return undefined
  const taken = new Set(toolNames(body))
  let name = 'json'
  for (let count = 2; taken.has(name); count += 1) name = `json_${count}`
  return name
}

function wantedSchema(body: Readonly<ChatRequest>): JsonObject | undefined {
  const wanted: unknown = body.response_format
  if (wanted === undefined || wanted === null) return undefined
  if (!isObject(wanted)) throw refuse('response_format', `must be an object, found ${kindOf(wanted)}`)
  switch (wanted['type']) {
    case 'text':
    case 'json_object':
      return undefined
    case 'json_schema':
      return isObject(wanted['json_schema']) && isObject(wanted['json_schema']['schema'])
        ? wanted['json_schema']['schema']
        : undefined
    default:
      throw refuse(
        'response_format.type',
        `unknown value ${JSON.stringify(wanted['type'])}; use text, json_object or json_schema`,
      )
  }
}

function nativeFormat(schema: JsonObject, description: string | undefined, report: Reporter): JsonObject {
  const clean = cleanSchema('description' in schema || !description ? schema : { ...schema, description })
  if (clean.lossy) report.dropped('response_format.json_schema.schema')
  return { type: 'json_schema', schema: clean.schema }
}

function describe(body: Readonly<ChatRequest>): { description: string } {
  return {
    description: body.response_format?.json_schema?.description ?? 'Gives the answer. Call it exactly once.',
  }
}
