import {
  badResponse,
  type EmbeddingsRequest,
  type EmbeddingsResponse,
  isObject,
  type Operation,
} from '@llmproxy/provider-kit'

type Embeddings = Operation<EmbeddingsRequest, EmbeddingsResponse, never>

/** Splits a request with more inputs than the deployment takes at once. */
export function inBatches(maxInputs: number): Required<Pick<Embeddings, 'split' | 'join'>> {
  return {
    split: ({ body }) => {
      const { input } = body
      // A list of numbers is one input: a text as tokens.
      if (!Array.isArray(input) || input.length <= maxInputs || typeof input[0] === 'number') return undefined
      const inputs: readonly unknown[] = input
      return Array.from({ length: Math.ceil(inputs.length / maxInputs) }, (_, part) => ({
        ...body,
        input: inputs.slice(part * maxInputs, (part + 1) * maxInputs) as string[],
      }))
    },
    join: (answers, { body }) => joined(answers, { maxInputs, inputs: body.input.length }),
  }
}

function joined(
  answers: readonly EmbeddingsResponse[],
  { maxInputs, inputs }: { readonly maxInputs: number; readonly inputs: number },
): EmbeddingsResponse {
  const first = answers[0]
  if (first === undefined) throw badResponse('there are no embeddings')
  const data = answers.flatMap((answer, part) => {
    const offset = part * maxInputs
    return inOrder(answer.data, Math.min(maxInputs, inputs - offset)).map((item, position) => ({
      ...item,
      index: offset + position,
    }))
  })
  const { usage: _usage, ...rest } = first
  const usage = total(answers)
  return { ...rest, data, ...(usage && { usage }) }
}

/** One vector for each input, at its place: a vector that is missing would give all behind it to other texts. */
function inOrder(data: EmbeddingsResponse['data'], count: number): EmbeddingsResponse['data'] {
  const items = data.filter((item) => isObject(item))
  const placed = new Map(items.map((item, position) => [placeOf(item, position), item]))
  const ordered = Array.from({ length: count }, (_, position) => placed.get(position))
  if (items.length !== count || !ordered.every((item) => item !== undefined))
    throw badResponse(`there are not ${count} embeddings for ${count} inputs`)
  return ordered
}

function placeOf({ index }: { readonly index?: unknown }, position: number): number {
  return typeof index === 'number' ? index : position
}

/** Unknown as soon as one part is: half a number would look like a whole one. */
function total(answers: readonly EmbeddingsResponse[]): EmbeddingsResponse['usage'] {
  const usages = answers.map(({ usage }) => usage)
  if (!usages.every((usage) => isCounted(usage))) return undefined
  const sum = (name: 'prompt_tokens' | 'total_tokens') =>
    usages.reduce((all, usage) => all + (usage?.[name] ?? 0), 0)
  return { prompt_tokens: sum('prompt_tokens'), total_tokens: sum('total_tokens') }
}

function isCounted(usage: unknown): boolean {
  return (
    isObject(usage) && typeof usage['prompt_tokens'] === 'number' && typeof usage['total_tokens'] === 'number'
  )
}
