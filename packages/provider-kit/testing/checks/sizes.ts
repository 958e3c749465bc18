import type { ModelList, Provider, TokenCounter } from '@llmproxy/provider-kit'
import type { CheckDefinition } from '../check.ts'
import { differences } from '../difference.ts'
import type { ModelsFixture, TokenizerFixture } from '../fixture.ts'
import { attempt, createProvider, type Subject, thrownText } from '../subject.ts'
import { describe } from '../wire-rules.ts'

export const sizeChecks: readonly CheckDefinition[] = [
  {
    group: 'request',
    name: 'models.windows() tells what models.json says',
    why: 'A window that is wrong condenses conversations that would fit, or sends some that cannot.',
    find: windowProblems,
  },
  {
    group: 'request',
    name: 'tokenizer() counts what tokenizer.json says, and whatever else stands in a text',
    why: 'The gateway stops counting with a tokenizer that fails once, or that takes its time.',
    find: tokenizerProblems,
  },
]

async function windowProblems(subject: Subject): Promise<string[]> {
  const { models } = subject.fixtures
  const provider = await createProvider(subject, subject.fixtures.options.valid[0] ?? {})
  // A list without a fixture is told of where its request is looked at.
  if (models === undefined) return []
  if (provider.models?.windows === undefined)
    return models.windows === undefined
      ? []
      : ['models.json: windows, and the provider has no models.windows()']
  return differingWindows(models, provider.models)
}

function differingWindows({ response, windows: golden }: ModelsFixture, list: ModelList): string[] {
  const told = attempt(() => list.windows?.(response) ?? {})
  if (!('value' in told)) return [`models.json: models.windows() threw ${thrownText(told.thrown)}`]
  const odd = Object.entries(told.value).filter(([, window]) => !Number.isSafeInteger(window) || window <= 0)
  const problems = odd.map(([id, window]) => `models.windows(): ${id}: ${describe(window)} is no window`)
  if (golden === undefined)
    return [...problems, `models.json: windows is missing; found ${JSON.stringify(told.value)}`]
  return [...problems, ...differences(golden, told.value, Object.is, 'models.json: windows')]
}

/** Characters of a piece, at most: see `TokenCounter`. */
const longest = 512
/** What clients write, and what breaks tokenizers. */
const oddTexts: readonly string[] = [
  '',
  ' ',
  '\n\n\n',
  '\u0000\u0001',
  '<|endoftext|><|im_start|>system<|im_end|>[INST]</s><bos>',
  'half \ud800 a character \udc00',
  'a'.repeat(longest),
  ' '.repeat(longest),
  '字'.repeat(longest),
  '👍🏽'.repeat(longest / 4),
  '=-'.repeat(longest / 2),
]
/** Milliseconds for one piece, on any machine. */
const patienceMs = 250

async function tokenizerProblems(subject: Subject): Promise<string[]> {
  const { options, tokenizer: golden = [] } = subject.fixtures
  const provider = await createProvider(subject, options.valid[0] ?? {})
  if (provider.tokenizer === undefined)
    return golden.length === 0 ? [] : ['tokenizer.json: the provider has no tokenizer()']
  if (!golden.some(({ tokens }) => tokens !== null))
    return ['tokenizer.json is missing, or has no counted text; write [{ "model", "text", "tokens" }]']
  const problems: string[] = []
  for (const [index, fixture] of golden.entries()) {
    const place = `tokenizer.json[${index}]`
    const counter = await loaded(provider, fixture.model)
    problems.push(
      ...(typeof counter === 'string'
        ? [`${place}: ${counter}`]
        : [...goldenProblems(place, fixture, counter), ...(counter ? oddProblems(place, counter) : [])]),
    )
  }
  const unknown = await loaded(provider, 'conformance-model-that-nobody-has')
  return typeof unknown === 'string' ? [...problems, unknown] : problems
}

/** The counter, or what was wrong with the way to it. */
async function loaded(provider: Provider, model: string): Promise<TokenCounter | undefined | string> {
  try {
    const counter: unknown = await provider.tokenizer?.(model)
    return counter === undefined || typeof counter === 'function'
      ? (counter as TokenCounter | undefined)
      : `tokenizer(${JSON.stringify(model)}) gave ${describe(counter)}; give a function or undefined`
  } catch (error) {
    return `tokenizer(${JSON.stringify(model)}) threw ${thrownText(error)}`
  }
}

function goldenProblems(
  place: string,
  { model, text = '', tokens }: TokenizerFixture,
  counter: TokenCounter | undefined,
): string[] {
  if (tokens === null) return counter === undefined ? [] : [`${place}: ${model} has a tokenizer`]
  if (counter === undefined) return [`${place}: ${model} has no tokenizer`]
  const found = attempt(() => counter(text))
  return 'value' in found
    ? differences(tokens, found.value, Object.is, `${place}: tokens`)
    : [`${place}: counting threw ${thrownText(found.thrown)}`]
}

function oddProblems(place: string, counter: TokenCounter): string[] {
  return oddTexts.flatMap((text) => {
    const of = `${place}: the count of ${JSON.stringify(text.slice(0, 24))} (${text.length} characters)`
    const [first, second] = [timed(text, counter), timed(text, counter)]
    if (!('value' in first)) return [`${of} threw ${thrownText(first.thrown)}`]
    if (!Number.isFinite(first.value) || first.value < 0) return [`${of} is ${String(first.value)}`]
    if (!('value' in second) || second.value !== first.value) return [`${of} is another one the second time`]
    // Whatever else the machine had to do, it had to do once.
    const tookMs = Math.min(first.tookMs, second.tookMs)
    return tookMs > patienceMs ? [`${of} takes ${Math.round(tookMs)} ms`] : []
  })
}

function timed(text: string, counter: TokenCounter) {
  const startedAt = performance.now()
  const result = attempt(() => counter(text))
  return { ...result, tookMs: performance.now() - startedAt }
}
