import { patchJson } from '../exchange/splice.ts'
import type { Ingress } from '../ingress/ingress.ts'
import { resumo } from './prompt.ts'

/** A text completion with a summary of its prompt in place of the prompt. */
export function condensedCompletion(ingress: Ingress, summary: string): Ingress {
  return withPrompt(ingress, resumo(summary))
}

/** The request with another prompt; every other byte stays. */
export function withPrompt(ingress: Ingress, prompt: string): Ingress {
  return { ...ingress, bytes: patchJson(ingress.bytes, { prompt }), body: { ...ingress.body, prompt } }
}
