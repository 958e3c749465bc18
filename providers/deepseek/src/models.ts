/** What a model accepts, told by its id alone. */
export interface ModelTraits {
  /** Always reasons: sampling has no effect, and log probabilities are answered 400. */
  readonly reasoner: boolean
  /** Reasons when told so (`thinking`, `reasoning_effort`), and wants its earlier reasoning back beside tools. */
  readonly thinking: boolean
}

/** The traits of a model id. An id that is not known has none. */
export function modelTraits(model: string): ModelTraits {
  const id = model.toLowerCase()
  return {
    reasoner: /reasoner|(?:^|[^a-z0-9])r1(?![a-z0-9])/.test(id),
    thinking: /(?:^|[^a-z0-9])v(?:[4-9]|\d\d)(?!\d)/.test(id),
  }
}
