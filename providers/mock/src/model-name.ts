import { type DirectiveName, directives, exampleModel } from './directives.ts'
import { nearest } from './nearest.ts'
import type { Scenario } from './scenario.ts'
import { scenarios } from './scenarios.ts'

/** What a model name asks for: each directive with its numbers, and at most one scenario. */
export type Behaviour = { readonly [Name in DirectiveName]?: readonly number[] } & {
  readonly scenario?: Scenario
  /** Tokens of the prompt that usage tells, where they were counted more strictly than by its characters. */
  readonly promptTokens?: number
}

/** A behaviour, or a sentence that says what is wrong with the name. */
export type ParsedModel = { readonly behaviour: Behaviour } | { readonly problem: string }

/** The longest directive name, in words, that the grammar has. */
const mostWords = Math.max(...[...directives.keys()].map((name) => name.split('-').length))

/** Reads a model name by the grammar `mock-<directive>[-<number>…]…`. Other names are never answered. */
export function parseModelName(model: string): ParsedModel {
  const [prefix, ...words] = model.split('-')
  if (prefix !== 'mock' || words.length === 0) {
    return { problem: 'the mock only answers names that start with "mock-"; try mock-echo or mock-fixed' }
  }
  const found: Record<string, readonly number[]> = {}
  let scenario: Scenario | undefined
  for (let at = 0; at < words.length;) {
    const name = directiveAt(words, at)
    if (name === undefined) return { problem: unknown(words.slice(at).join('-')) }
    at += name.split('-').length
    const numbers = readNumbers(name, words, at)
    if (typeof numbers === 'string') return { problem: numbers }
    at += numbers.length
    if (found[name] !== undefined) return { problem: `"${name}" is given twice` }
    found[name] = numbers
    if (name.startsWith('scenario-')) {
      if (scenario) return { problem: 'only one scenario can be played at a time' }
      scenario = scenarios.find((each) => `scenario-${each.name}` === name)
    }
  }
  return { behaviour: { ...found, ...(scenario && { scenario }) } }
}

/** The longest name wins: `error-after` is not `error` followed by `after`. */
function directiveAt(words: readonly string[], at: number): string | undefined {
  for (let length = Math.min(mostWords, words.length - at); length > 0; length -= 1) {
    const name = words.slice(at, at + length).join('-')
    if (directives.has(name)) return name
  }
  return undefined
}

function readNumbers(name: string, words: readonly string[], at: number): readonly number[] | string {
  const numbers: number[] = []
  for (const [index, argument] of (directives.get(name)?.arguments ?? []).entries()) {
    const word = words[at + index] ?? ''
    const value = /^\d{1,10}$/.test(word) ? Number(word) : Number.NaN
    if (!(value >= argument.least && value <= argument.most)) {
      const range = `${argument.least} to ${argument.most}`
      return `"${name}" needs ${argument.name} (a number from ${range}), found "${word}"; for example ${exampleModel(name)}`
    }
    numbers.push(value)
  }
  return numbers
}

function unknown(rest: string): string {
  const near = nearest(rest, [...directives.keys()], 3).map(exampleModel)
  return `unknown directive "${rest.slice(0, 60)}"; near names: ${near.join(', ')}`
}
