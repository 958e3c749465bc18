import type { Call, MessagesRequest, UpstreamRequest } from '@llmproxy/provider-kit'
import { betaHeader } from './betas.ts'
import type { Options } from './options.ts'

/** A request that is in the vendor's dialect already. A beta header and its body members travel together, so both pass. */
export function relayedRequest(call: Call<MessagesRequest>, options: Options): UpstreamRequest {
  const { 'anthropic-beta': betas, 'anthropic-version': version } = call.headers
  return {
    path: '/v1/messages',
    headers: {
      'anthropic-version': version ?? options.version,
      ...betaHeader(options.beta, betas, { messages: [] }),
    },
  }
}
