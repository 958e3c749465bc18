import type { IngressBody } from '../ingress/ingress.ts'

/** The prompt of a text completion, also as the only one in a list, which is how some clients send it. `undefined`: it is no single text. */
export function promptOf({ prompt }: IngressBody): string | undefined {
  const only: unknown = Array.isArray(prompt) && prompt.length === 1 ? prompt[0] : prompt
  return typeof only === 'string' ? only : undefined
}
