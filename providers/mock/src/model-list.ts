import { directives, exampleModel } from './directives.ts'
import { errorScript, type Wire } from './errors.ts'
import { parseModelName } from './model-name.ts'
import { created } from './openai-chat.ts'
import { json, type Script } from './script.ts'

/** One example name for every directive, in the order of the documentation. */
export function modelNames(): readonly string[] {
  return [...directives.keys()].map(exampleModel)
}

/** `GET /models` in one dialect. */
export function listModels(wire: Wire): Script {
  const data = modelNames().map((id) => item(id, wire))
  if (wire === 'openai') return json(200, { object: 'list', data })
  return json(200, { data, has_more: false, first_id: modelNames()[0], last_id: modelNames().at(-1) })
}

/** `GET /models/{id}` in one dialect: any name that follows the grammar exists. */
export function oneModel(id: string, wire: Wire): Script {
  const parsed = parseModelName(id)
  return 'problem' in parsed ? unknownModel(id, parsed.problem, wire) : json(200, item(id, wire))
}

/** The 404 for a name outside the grammar, with what is wrong and what is near. */
export function unknownModel(id: string, problem: string, wire: Wire): Script {
  const name = id.length > 100 ? `${id.slice(0, 100)}…` : id
  const message =
    wire === 'anthropic' ? `model: ${name} (${problem})` : `The model \`${name}\` does not exist: ${problem}`
  const type = 'invalid_request_error'
  return errorScript({ status: 404, message, type, param: null, code: 'model_not_found' }, wire)
}

function item(id: string, wire: Wire): object {
  if (wire === 'openai') return { id, object: 'model', created, owned_by: 'mock' }
  const made = new Date(created * 1000).toISOString()
  return {
    type: 'model',
    id,
    display_name: id,
    created_at: made,
    max_input_tokens: 200_000,
    max_tokens: 64_000,
    capabilities: null,
  }
}
