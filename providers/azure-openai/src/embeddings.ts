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
    join: joined,
  }
}

function joined(answers: readonly EmbeddingsResponse[]): EmbeddingsResponse {
  const first = answers[0]
  if (first === undefined) throw badResponse('there are no embeddings')
  const data = answers.flatMap((answer) => answer.data).map((item, index) => ({ ...item, index }))
  const { usage: _usage, ...rest } = first
  const usage = total(answers)
  return { ...rest, data, ...(usage && { usage }) }
}

/** Unknown as soon as one part is: half a number would look like a whole one. */
function total(answers: readonly EmbeddingsResponse[]): EmbeddingsResponse['usage'] {
  const usages = answers.map(({ usage }) => usage)
  if (!usages.every((usage) => isObject(usage))) return undefined
  const sum = (name: 'prompt_tokens' | 'total_tokens') =>
    usages.reduce((all, usage) => all + (usage?.[name] ?? 0), 0)
  return { prompt_tokens: sum('prompt_tokens'), total_tokens: sum('total_tokens') }
}
