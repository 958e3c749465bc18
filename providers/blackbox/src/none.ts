import type { Call, JsonObject } from '@llmproxy/provider-kit'

/** The vendor writes Python’s word for "nothing" as a text. Deletes the named members that say nothing. */
export function withoutNone(holder: JsonObject, names: readonly string[]): void {
  for (const name of names) if (holder[name] === 'None' || holder[name] === null) delete holder[name]
}

/** Reports the model that was asked for; the name of whoever answered, often a version hash, stays beside it. */
export function ownModel(frame: JsonObject, { model: asked }: Call): void {
  const { model, choices } = frame
  const answered = Array.isArray(choices) && choices.length > 0
  if (answered && typeof model === 'string' && model !== '' && model !== asked)
    frame['upstream_model'] = model
  frame['model'] = asked
}
