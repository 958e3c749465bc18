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
  readonly knows: Knows
  /** Floors of the operator. */
  readonly own: Readonly<Record<string, unknown>>
}

/** `baseModel`: the model behind the deployment, when the operator has said it. */
export type Parameters = (call: Call<ChatRequest>, baseModel: string | undefined) => Patch | undefined

/**
 * What a chat request needs to have changed for its model and the configured API version; `undefined`: its bytes can go out as they
 * are. Throws a `ProviderFault` of kind `unsupported` for what the version lacks and no other member can say.
 */
export function parametersFor({ knows, own }: ParameterSettings): Parameters {
  const older = olderRules(knows, own)
  const newest = Object.keys(older).length === 0
  return (call, baseModel) => {
    const rules = rulesOfModel(baseModel ?? '', traits)
    const { max_tokens } = rules
    const limit = knows('max_completion_tokens') ? {} : olderLimit(max_tokens)
    const patch: Record<string, unknown> = {
      ...parameterPatch(call, newest ? rules : Object.assign({ ...rules }, older, limit)),
    }
    if (!knows('messages.developer')) {
      const messages = rewriteMessages(call.body.messages, developerAsSystem)
      if (messages !== undefined) patch['messages'] = messages
    }
    if (call.body.stream_options !== undefined && !knows('stream_options'))
      patch['stream_options'] = undefined
    return Object.keys(patch).length === 0 ? undefined : patch
  }
}

function olderRules(knows: Knows, own: ParameterSettings['own']): Partial<ParameterRules> {
  const unknown = flooredParameters(own).filter((name) => !knows(name))
  return {
    ...Object.fromEntries(unknown.map((name) => [name, 'drop' as const])),
    ...(!knows('tools') && { tools: withoutTools }),
    ...(!knows('response_format.json_schema') && { response_format: olderFormat(knows) }),
  }
}

/** Models that reason refuse the old name, so a version without the new one has none for them. */
function olderLimit(newer: ParameterRule): Partial<ParameterRules> {
  return newer === 'forward'
    ? tokenLimit('max_tokens')
    : { max_tokens: 'drop', max_completion_tokens: 'drop' }
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
