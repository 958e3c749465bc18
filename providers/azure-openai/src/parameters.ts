import {
  asksForNothing,
  type Call,
  type ChatRequest,
  developerAsSystem,
  isObject,
  type ModelTraits,
  notOffered,
  parameterPatch,
  type ParameterRule,
  type ParameterRules,
  type Patch,
  rewriteMessages,
  rulesOfModel,
  tokenLimit,
} from '@llmproxy/provider-kit'
import { flooredParameters, type Knows } from './feature-floor.ts'

/** What the models behind the deployments refuse, by their own names. */
const traits: readonly ModelTraits[] = [
  { ids: /^o\d+(?:-|$)/, reasoning: 'always' },
  { ids: /^gpt-5(?:\.0)?(?:-(?!chat).+)?$/, reasoning: 'always' },
  {
    ids: /^gpt-(?:5\.[1-9]\d*|(?:[6-9]|[1-9]\d+)(?:\.\d+)?)(?:-(?!chat).+)?$/,
    reasoning: 'by default',
  },
  { ids: /^(?:o3|o4-mini)(?:-\d{4}-\d\d-\d\d)?$/, refuses: ['stop'] },
]

export interface ParameterSettings {
  /** The model behind the deployment, when the operator has said it. */
  readonly baseModel: string | undefined
  readonly knows: Knows
  /** Floors of the operator. */
  readonly own: Readonly<Record<string, unknown>>
}

/** What a chat request needs to have changed for its model and its API version; `undefined`: its bytes can go out as they are. */
export function parameters(call: Call<ChatRequest>, settings: ParameterSettings): Patch | undefined {
  const { knows } = settings
  const patch: Record<string, unknown> = { ...parameterPatch(call, rulesOf(settings)) }
  if (!knows('messages.developer')) {
    const messages = rewriteMessages(call.body.messages, developerAsSystem)
    if (messages !== undefined) patch['messages'] = messages
  }
  if (!knows('stream_options') && call.body.stream_options !== undefined) patch['stream_options'] = undefined
  return Object.keys(patch).length === 0 ? undefined : patch
}

function rulesOf({ baseModel, knows, own }: ParameterSettings): ParameterRules {
  const rules = rulesOfModel(baseModel ?? '', traits)
  const unknown = flooredParameters(own).filter((name) => !knows(name))
  const older: Record<string, ParameterRule> = {
    ...Object.fromEntries(unknown.map((name) => [name, 'drop' as const])),
    ...(unknown.includes('max_completion_tokens') && olderLimit(rules)),
    ...(unknown.includes('tools') && { tools: withoutTools }),
    ...(!knows('response_format.json_schema') && { response_format: olderFormat(knows) }),
  }
  return Object.assign({ ...rules }, older) as ParameterRules
}

/** Models that reason refuse the old name, so a version without the new one has none for them. */
function olderLimit(rules: ParameterRules): Record<string, ParameterRule> {
  const renames = rules.max_tokens !== 'forward'
  return renames ? { max_tokens: 'drop', max_completion_tokens: 'drop' } : { ...tokenLimit('max_tokens') }
}

const withoutTools: ParameterRule = (value) => {
  if (asksForNothing('tools', value)) return {}
  throw notOffered('tools', 'the configured api_version has no tools')
}

function olderFormat(knows: Knows): ParameterRule {
  return (value) => {
    if (isObject(value) && value['type'] === 'json_schema')
      throw notOffered('response_format', 'the configured api_version has no JSON Schema')
    return knows('response_format') ? { response_format: value } : undefined
  }
}
