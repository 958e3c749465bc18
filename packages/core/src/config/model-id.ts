import type { ModelConfig } from './schema.ts'

/** The name that clients ask for. */
export function modelId(model: ModelConfig): string {
  return typeof model === 'string' ? model : model.id
}
