import type { Behaviour } from './model-name.ts'
import { created } from './openai-chat.ts'
import type { JsonObject } from './schema-instance.ts'
import type { Script } from './script.ts'
import { wholeScript } from './whole-answer.ts'

/** One red pixel, a complete PNG file. */
export const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AAAAMBAQD3A0FDAAAAAElFTkSuQmCC'

/** The smallest beginning of an MP4 file: its `ftyp` box. Enough to be recognised, not to be played. */
const movie = 'AAAAGGZ0eXBpc29tAAACAGlzb21pc28y'

/** Answers a checked images body: `n` copies of one pixel, as base64 or as a data URL. */
export function answerImages(body: JsonObject, behaviour: Behaviour): Script {
  const image =
    body.response_format === 'url' ? { url: `data:image/png;base64,${pixel}` } : { b64_json: pixel }
  const data = Array.from({ length: Number(body.n ?? 1) }, () => ({ ...image, revised_prompt: body.prompt }))
  return wholeScript({ created, data }, behaviour, 'openai')
}

/** Answers a checked videos body with a data URL. */
export function answerVideos(_body: JsonObject, behaviour: Behaviour): Script {
  return wholeScript({ created, data: [{ url: `data:video/mp4;base64,${movie}` }] }, behaviour, 'openai')
}
