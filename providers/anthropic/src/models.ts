/** What a model accepts, told by its id alone: the API has no per-model parameter list. */
export interface ModelTraits {
  /** Output tokens that may be asked for; the default of `max_tokens`. */
  readonly outputCap: number
  /** How reasoning is switched on. */
  readonly thinking: 'none' | 'budget' | 'adaptive'
  /** `output_config.effort` accepts `xhigh`. */
  readonly xhighEffort: boolean
  /** `temperature` other than 1, `top_p` below 0.99 and any `top_k` are answered 400. */
  readonly fixedSampling: boolean
  /** A conversation may end with the beginning of the answer. */
  readonly prefill: boolean
  /** `output_config.format` and strict tools. */
  readonly structuredOutput: boolean
}

const oldest: ModelTraits = {
  outputCap: 4096,
  thinking: 'none',
  xhighEffort: false,
  fixedSampling: false,
  prefill: true,
  structuredOutput: false,
}
const four: ModelTraits = { ...oldest, thinking: 'budget' }
const fourOne: ModelTraits = { ...four, structuredOutput: true }
const fourSix: ModelTraits = { ...fourOne, thinking: 'adaptive', prefill: false }
const newest: ModelTraits = { ...fourSix, xhighEffort: true, fixedSampling: true }

/** First match wins. A dated id (`claude-opus-4-20250514`) is told from a minor version by its length. */
const families: readonly (readonly [RegExp, ModelTraits])[] = [
  [/claude-(opus|sonnet|haiku)-4-6(?!\d)/, fourSix],
  [/claude-(opus|sonnet|haiku)-4-[15](?!\d)/, fourOne],
  [/claude-(opus|sonnet|haiku)-4(-0|-\d{8}|@|$)/, four],
  [/claude-3-7/, four],
  [/claude-(3|2|instant)/, oldest],
  // Everything newer, families that are not known yet included.
  [/claude-/, newest],
]

/** Output caps by what an id contains, first match wins. The cap of an id that is not listed is unknown, and so the smallest. */
const caps: readonly (readonly [RegExp, number])[] = [
  [/claude-(opus|sonnet|fable)-5(?!\d)/, 128_000],
  [/claude-opus-4-[678](?!\d)/, 128_000],
  [/claude-sonnet-4-6(?!\d)/, 128_000],
  [/claude-(opus|sonnet|haiku)-4-5(?!\d)/, 64_000],
  [/claude-sonnet-4(-|@|$)/, 64_000],
  [/claude-opus-4(-|@|$)/, 32_000],
]

/** The traits of a model id, with or without a date, a vendor prefix or a region. Unknown ids get the most tolerant ones. */
export function modelTraits(model: string): ModelTraits {
  const id = model.toLowerCase()
  const traits = families.find(([pattern]) => pattern.test(id))?.[1] ?? oldest
  return { ...traits, outputCap: caps.find(([pattern]) => pattern.test(id))?.[1] ?? oldest.outputCap }
}
