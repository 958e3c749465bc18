import type { Call } from './contract.ts'
import type { Patch } from './openai-compatible.ts'

/**
 * What has to change in an image request that is relayed; `undefined`: nothing. `base64Only`: the model always answers base64
 * and refuses `response_format`. A streamed picture is asked for as a whole one, for that is all the operation answers.
 */
export function imagePatch(
  call: Call<Record<string, unknown>>,
  { base64Only }: { readonly base64Only: boolean },
): Patch | undefined {
  const { response_format, stream, partial_images } = call.body
  const patch: Record<string, undefined> = {}
  if (base64Only && response_format !== undefined) {
    patch['response_format'] = undefined
    if (response_format !== null && response_format !== 'b64_json') call.dropped('response_format')
  }
  if (stream !== undefined && stream !== false) patch['stream'] = undefined
  if (partial_images !== undefined) {
    patch['partial_images'] = undefined
    if (partial_images !== null && partial_images !== 0) call.dropped('partial_images')
  }
  return Object.keys(patch).length === 0 ? undefined : patch
}
