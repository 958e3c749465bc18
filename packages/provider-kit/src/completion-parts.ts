import type { Call } from './contract.ts'
import type { Completion, CompletionRequest, Usage } from './wire.ts'

/** One body for each of several prompts, never streamed; `undefined` for one prompt, and for what is none. */
export function promptParts(body: Readonly<CompletionRequest>): CompletionRequest[] | undefined {
  const prompts: readonly unknown[] = Array.isArray(body.prompt) ? body.prompt : []
  const texts = prompts.filter((prompt) => typeof prompt === 'string')
  if (texts.length < 2 || texts.length < prompts.length) return undefined
  const { stream: _stream, stream_options: _options, ...shared } = body
  return texts.map((prompt) => ({ ...shared, prompt }))
}

/** One completion from those of the prompts: choices in the order of the prompts, `n` for each; usage added up. */
export function joinedCompletions(
  answers: readonly Completion[],
  { body, id, created, model }: Call<CompletionRequest>,
): Completion {
  const each = typeof body.n === 'number' && body.n > 1 ? body.n : 1
  return {
    ...(answers[0] ?? { id: `cmpl-${id}`, object: 'text_completion', created, model }),
    choices: answers.flatMap(({ choices }, position) =>
      choices.map((choice) => ({ ...choice, index: position * each + choice.index })),
    ),
    usage: addedUsage(answers.map(({ usage }) => usage)),
  }
}

/** `null` when one of them is not known: a part would look like the whole. Details are added up where each part has them. */
function addedUsage(parts: readonly (Usage | null | undefined)[]): Usage | null {
  const known = parts.filter((usage) => usage !== undefined && usage !== null)
  const [first, ...others] = known
  if (first === undefined || known.length < parts.length) return null
  return others.reduce((sum, usage) => added(sum, usage) as Usage, first)
}

function added(left: object, right: object): object {
  const other = right as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    Object.entries(left).flatMap(([name, value]: [string, unknown]): [string, unknown][] => {
      const more = other[name]
      if (typeof value === 'number' && typeof more === 'number') return [[name, value + more]]
      if (isPlain(value) && isPlain(more)) return [[name, added(value, more)]]
      return []
    }),
  )
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
