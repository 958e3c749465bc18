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
const four: ModelTraits = { ...oldest, outputCap: 64_000, thinking: 'budget' }
const fourOne: ModelTraits = { ...four, outputCap: 32_000, structuredOutput: true }
const fourFive: ModelTraits = { ...four, structuredOutput: true }
const fourSix: ModelTraits = { ...fourFive, outputCap: 128_000, thinking: 'adaptive', prefill: false }
const newest: ModelTraits = { ...fourSix, xhighEffort: true, fixedSampling: true }

/** First match wins. A dated id (`claude-opus-4-20250514`) is told from a minor version by its length. */
const families: readonly (readonly [RegExp, ModelTraits])[] = [
  [/claude-(opus|sonnet|haiku)-4-6(?!\d)/, fourSix],
  [/claude-(opus|sonnet|haiku)-4-5(?!\d)/, fourFive],
  [/claude-opus-4-1(?!\d)/, fourOne],
  [/claude-opus-4(-0|-\d{8}|@|$)/, { ...four, outputCap: 32_000 }],
  [/claude-(sonnet|haiku)-4(-0|-\d{8}|@|$)/, four],
  [/claude-3-7/, { ...oldest, thinking: 'budget' }],
  [/claude-(3|2|instant)/, oldest],
  [/claude-(opus|sonnet|haiku|fable)-(4-[78]|5)(?!\d)/, newest],
  // A family that is not known yet: its rules are the newest ones, its cap is unknown and so the smallest.
  [/claude-/, { ...newest, outputCap: oldest.outputCap }],
]

/** The traits of a model id, with or without a date, a vendor prefix or a region. Unknown ids get the most tolerant ones. */
export function modelTraits(model: string): ModelTraits {
  const id = model.toLowerCase()
  return families.find(([pattern]) => pattern.test(id))?.[1] ?? oldest
}
