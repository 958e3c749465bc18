import type { Call, HeaderMap, ImageRequest, ImageResponse, Operation } from '@llmproxy/provider-kit'

/** The qualities of older clients in the vendor's words. */
const qualities: Readonly<Record<string, string>> = { standard: 'auto', hd: 'high' }

/** Members of OpenAI's API that the vendor does not have, with the value that asks for what happens anyway. */
const absent: Readonly<Record<string, unknown>> = {
  response_format: 'b64_json',
  style: undefined,
  user: '',
  moderation: 'auto',
  output_compression: undefined,
  partial_images: 0,
  input_fidelity: undefined,
}

/** Pictures. The answer is OpenAI's, with base64 always, and is relayed. */
export function images(headers: HeaderMap): Operation<ImageRequest, ImageResponse, never> {
  return {
    request: (call) => {
      const patch = patchOf(call)
      return { path: '/images', headers, ...(Object.keys(patch).length > 0 && { patch }) }
    },
  }
}

function patchOf(call: Call<ImageRequest>): Record<string, unknown> {
  const { body } = call
  const patch: Record<string, unknown> = {}
  // Pieces of a picture are not offered by the gateway.
  if (Object.hasOwn(body, 'stream')) patch['stream'] = undefined
  for (const [name, usual] of Object.entries(absent)) {
    const value = body[name]
    if (value === undefined) continue
    patch[name] = undefined
    if (value !== null && value !== usual) call.dropped(name)
  }
  const { quality } = body
  if (typeof quality === 'string' && Object.hasOwn(qualities, quality)) {
    patch['quality'] = qualities[quality]
    call.dropped('quality')
  }
  return patch
}
