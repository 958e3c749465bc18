import type { Options } from './options.ts'

/** The model behind a deployment, when the operator has said it. */
export function baseModelOf(
  { base_model }: Pick<Options, 'base_model'>,
  deployment: string,
): string | undefined {
  if (typeof base_model !== 'object') return base_model
  return Object.hasOwn(base_model, deployment) ? base_model[deployment] : undefined
}
