import { refuse } from '@llmproxy/provider-kit'

/** What the generation of a model decides. */
export interface ModelFamily {
  /** Schemas may be sent as full JSON Schema. */
  readonly jsonSchema: boolean
  /** How much the model thinks is told as a level, as a number of tokens, or not at all. */
  readonly thinking: 'level' | 'budget' | 'none'
  /** Thinking can be switched off. */
  readonly canSkipThinking: boolean
  /** A function call of the history must carry a thought signature. */
  readonly signedCalls: boolean
}

const oldest: ModelFamily = {
  jsonSchema: false,
  thinking: 'none',
  canSkipThinking: false,
  signedCalls: false,
}
const newest: ModelFamily = { jsonSchema: true, thinking: 'level', canSkipThinking: false, signedCalls: true }

/**
 * The family of a model id. `gemini-…-latest` counts as the newest one; names that say no version (tuned models, other families)
 * get what every model takes.
 */
export function modelFamily(model: string): ModelFamily {
  if (/^gemini-(?:[a-z-]+-)?latest$/.test(model)) return newest
  const [, major = '', minor = '0'] = /^gemini-(\d+)(?:\.(\d+))?(?:-|$)/.exec(model) ?? []
  const version = major === '' ? 0 : Number(major) + Number(minor) / 10
  if (version >= 3) return newest
  if (version >= 2.5) return { ...oldest, thinking: 'budget', canSkipThinking: model.includes('flash') }
  return oldest
}

/** The model id without the collection that the vendor's own list puts in front. */
export function modelId(model: string): string {
  return model.replace(/^models\//, '')
}

/** The path of a method of a model. Throws a refusal for a name that no URL can carry. */
export function modelPath(model: string, method: string): string {
  if (!model.isWellFormed()) throw refuse('model', 'has half of a character in it')
  return `/models/${encodeURIComponent(modelId(model))}:${method}`
}
