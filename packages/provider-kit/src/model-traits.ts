import type { ChatParameter } from './chat-parameters.ts'
import { everyParameter, type ParameterRule, type ParameterRules, tokenLimit } from './parameter-rules.ts'

/** What some models of a vendor refuse, as data. A model may have several entries: they add up. */
export interface ModelTraits {
  /** Which models, by upstream id. */
  readonly ids: RegExp
  /**
   * The models think before they answer, so they refuse penalties, `logit_bias` and `max_tokens`, and sampling while they think:
   * always, or unless they are told not to (`reasoning_effort: "none"`).
   */
  readonly reasoning?: 'always' | 'by default'
  /** Other parameters that they refuse. */
  readonly refuses?: readonly ChatParameter[]
}

/** Values that ask for what happens anyway at vendors of this format, beside those that do so everywhere. */
const usualValues: Readonly<Partial<Record<ChatParameter, unknown>>> = { temperature: 1, top_p: 1 }

const sampling = ['temperature', 'top_p', 'logprobs', 'top_logprobs'] as const
const penalties = ['frequency_penalty', 'presence_penalty', 'logit_bias'] as const

/** The rules for a model of a vendor that speaks the format whole. A model without traits takes everything as it is. */
export function rulesOfModel(model: string, traits: readonly ModelTraits[]): ParameterRules {
  const own = traits.filter(({ ids }) => ids.test(model))
  if (own.length === 0) return everyParameter
  return Object.assign({ ...everyParameter }, ...own.map(rulesOf)) as ParameterRules
}

function rulesOf({ reasoning, refuses = [] }: ModelTraits): Partial<ParameterRules> {
  const refused = Object.fromEntries(refuses.map((name) => [name, removed(name)]))
  if (reasoning === undefined) return refused
  return {
    ...tokenLimit('max_completion_tokens'),
    ...Object.fromEntries(penalties.map((name) => [name, removed(name)])),
    ...Object.fromEntries(
      sampling.map((name) => [name, reasoning === 'always' ? removed(name) : removedWhileThinking(name)]),
    ),
    ...refused,
  }
}

function removed(name: ChatParameter): ParameterRule {
  const usual = usualValues[name]
  return usual === undefined ? 'drop' : (value) => (value === usual ? {} : undefined)
}

function removedWhileThinking(name: ChatParameter): ParameterRule {
  const usual = usualValues[name]
  return (value, { body }) => {
    if (body.reasoning_effort === 'none') return { [name]: value }
    return value === usual ? {} : undefined
  }
}
