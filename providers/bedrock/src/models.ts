/** What a model accepts beside the Converse API's own parameters, told by its id. */
export interface ModelTraits {
  /** How reasoning is asked for, in the model's own request fields. */
  readonly reasoning: 'none' | 'budget' | 'adaptive' | 'effort'
  /** `temperature` ends at 1, and does not stand beside `top_p`. */
  readonly strictSampling: boolean
  /** No sampling parameters at all. */
  readonly fixedSampling: boolean
  /** The adaptive effort `xhigh` exists. */
  readonly xhighEffort: boolean
  /** It can be made to call a tool. */
  readonly forcesTools: boolean
}

const plain: ModelTraits = {
  reasoning: 'none',
  strictSampling: false,
  fixedSampling: false,
  xhighEffort: false,
  forcesTools: false,
}
const claude: ModelTraits = { ...plain, strictSampling: true, forcesTools: true }
const budget: ModelTraits = { ...claude, reasoning: 'budget' }
const adaptive: ModelTraits = { ...claude, reasoning: 'adaptive' }

/** First match wins. A dated id (`claude-opus-4-20250514`) is told from a minor version by its length. */
const families: readonly (readonly [RegExp, ModelTraits])[] = [
  [/claude-(?:opus|sonnet|haiku)-4-6(?!\d)/, adaptive],
  [/claude-(?:opus|sonnet|haiku)-4(?:-[015](?!\d)|-\d{8}|-v\d|@|:|$)/, budget],
  [/claude-3-7/, budget],
  [/claude-(?:3|2|v2|instant)/, claude],
  // The newest ones, and those that are not known yet.
  [/claude-/, { ...adaptive, fixedSampling: true, xhighEffort: true }],
  [/gpt-oss/, { ...plain, reasoning: 'effort' }],
]

/** The traits of a model id, an inference profile (`us.…`) or an ARN. */
export function modelTraits(model: string): ModelTraits {
  const id = model.toLowerCase()
  return families.find(([pattern]) => pattern.test(id))?.[1] ?? plain
}
