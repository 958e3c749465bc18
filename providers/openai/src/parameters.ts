import {
  type Call,
  type ChatRequest,
  type ModelTraits,
  parameterPatch,
  type Patch,
  rulesOfModel,
} from '@llmproxy/provider-kit'

/**
 * What the models refuse. Fine-tuned models (`ft:…`) and names that nobody knows are in none of the entries, and neither are the
 * chat variants of reasoning models.
 */
const traits: readonly ModelTraits[] = [
  { ids: /^o\d+(?:-|$)/, reasoning: 'always' },
  { ids: /^gpt-5(?:\.0)?(?:-(?!chat).+)?$/, reasoning: 'always' },
  {
    ids: /^gpt-(?:5\.[1-9]\d*|(?:[6-9]|[1-9]\d+)(?:\.\d+)?)(?:-(?!chat).+)?$/,
    reasoning: 'by default',
  },
  { ids: /^(?:o3|o4-mini)(?:-\d{4}-\d\d-\d\d)?$/, refuses: ['stop'] },
  { ids: /-search-preview(?:-|$)/, refuses: ['temperature'] },
]

/** The parameters that a chat request needs to have changed for its model; `undefined`: its bytes can go out as they are. */
export function parameters(call: Call<ChatRequest>): Patch | undefined {
  return parameterPatch(call, rulesOfModel(call.model, traits))
}
