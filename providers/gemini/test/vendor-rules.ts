import { isObject } from '@llmproxy/provider-kit'
import type { ChatBody, Part } from './request-schema.ts'

/** The first rule beyond the shape of a body that it breaks; `undefined` when the vendor takes it. */
export function brokenRule(model: string, body: ChatBody): string | undefined {
  return (
    turnsProblem(body) ?? signatureProblem(model, body) ?? toolsProblem(body) ?? thinkingProblem(model, body)
  )
}

function turnsProblem({ contents }: ChatBody): string | undefined {
  if (contents[0]?.role !== 'user') return 'the first turn must be that of the user'
  for (const [index, { role, parts }] of contents.entries()) {
    const next = contents[index + 1]
    if (next?.role === role) return `contents[${index + 1}] repeats the role ${role}`
    const calls = parts.flatMap((part) => ('functionCall' in part ? [part.functionCall.name] : []))
    if (role === 'user' && calls.length > 0) return `contents[${index}] calls functions as the user`
    const results = role === 'model' ? resultsOf(next?.parts ?? []) : []
    if (role === 'model' && results.join() !== calls.join())
      return `the number of function response parts must be that of the function call parts of contents[${index}]`
  }
  return contents.some(({ role, parts }) => role === 'model' && resultsOf(parts).length > 0)
    ? 'the model answers its own calls'
    : undefined
}

/** The results at the beginning of a turn; those that stand later are out of place. */
function resultsOf(parts: readonly Part[]): string[] {
  const names = parts.map((part) => ('functionResponse' in part ? part.functionResponse.name : undefined))
  const end = names.indexOf(undefined)
  const first = end === -1 ? names : names.slice(0, end)
  const late = end === -1 ? [] : names.slice(end).filter((each) => each !== undefined)
  return [...first, ...late.map((each) => `${each} (late)`)].map(String)
}

function signatureProblem(model: string, { contents }: ChatBody): string | undefined {
  if (!model.startsWith('gemini-3')) return undefined
  const index = contents.findIndex(({ parts }) => {
    const first = parts.find((part) => 'functionCall' in part)
    return first !== undefined && !('thoughtSignature' in first)
  })
  return index === -1 ? undefined : `a function call in contents[${index}] is missing a thought_signature`
}

function toolsProblem({ tools, toolConfig }: ChatBody): string | undefined {
  const declared = tools?.flatMap((tool) => tool.functionDeclarations) ?? []
  const names = declared.map((each) => each.name)
  if (new Set(names).size < names.length) return 'a function is declared twice'
  const { mode, allowedFunctionNames: allowed } = toolConfig?.functionCallingConfig ?? {}
  if (mode === 'ANY' && names.length === 0) return 'there is no function to call'
  if (allowed !== undefined && mode !== 'ANY') return 'allowed_function_names needs the mode ANY'
  const stranger = allowed?.find((each) => !names.includes(each))
  if (stranger !== undefined) return `${stranger} is not declared`
  return declared.map(({ parameters }) => subsetProblem(parameters)).find((problem) => problem !== undefined)
}

const foreign = ['$schema', '$ref', '$defs', 'definitions', 'additionalProperties', 'const', 'oneOf', 'allOf']

/** Whether a schema stays within the OpenAPI subset. */
export function subsetProblem(schema: unknown): string | undefined {
  if (!isObject(schema)) return undefined
  const unknown = foreign.find((name) => name in schema)
  if (unknown !== undefined) return `Unknown name "${unknown}"`
  if ('type' in schema && typeof schema['type'] !== 'string') return 'type: Proto field is not repeating'
  const { properties, items, anyOf } = schema
  const inner = [...(isObject(properties) ? Object.values(properties) : []), items]
  return [...inner, ...(Array.isArray(anyOf) ? (anyOf as unknown[]) : [])]
    .map(subsetProblem)
    .find((problem) => problem !== undefined)
}

function thinkingProblem(model: string, { generationConfig }: ChatBody): string | undefined {
  const { thinkingBudget, thinkingLevel } = generationConfig?.thinkingConfig ?? {}
  if (thinkingLevel !== undefined && !model.startsWith('gemini-3')) return 'thinking_level is not supported'
  if (thinkingBudget === 0 && !model.includes('flash')) return 'this model only works in thinking mode'
  return undefined
}
