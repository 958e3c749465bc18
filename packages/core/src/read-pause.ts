import { parseJson } from '@llmproxy/provider-kit'
import { z } from 'zod'
import type { SharedPause } from './peers.ts'

const name = z.string().min(1).max(512)

/** Longer texts than what a pause can be are not even parsed. */
const longestText = 8_192

const pauseSchema = z.object({
  provider: name,
  model: name,
  entry: name,
  cause: z.enum(['breaker', 'cooldown', 'key']),
  key: name.exactOptional(),
  forMs: z.number().positive(),
  guessed: z.boolean().exactOptional(),
})

/** A pause that came as JSON over a network, or nothing when it is none. Members that are not known are left out. */
export function readPause(text: string): SharedPause | undefined {
  if (text.length > longestText) return undefined
  return pauseSchema.safeParse(parseJson(text)).data
}
