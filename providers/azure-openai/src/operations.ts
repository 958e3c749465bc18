import {
  type Call,
  type ChatRequest,
  type EmbeddingsRequest,
  imagePatch,
  type ImageRequest,
  type Operation,
  type Operations,
  type Patch,
  videoJobs,
} from '@llmproxy/provider-kit'
import { type Address, addressOf } from './address.ts'
import { baseModelOf } from './base-model.ts'
import { inBatches } from './embeddings.ts'
import { type Knows, knownBy } from './feature-floor.ts'
import { apiOf, type Options } from './options.ts'
import { parametersFor } from './parameters.ts'

/** What the deployments are asked for. Everything but videos is relayed, at another address and with what a version lacks left out. */
export function operationsOf(options: Options): Operations {
  const address = addressOf(options)
  const knows = knownBy(options.api_version, options.feature_floor)
  const parameters = parametersFor({ knows, own: options.feature_floor })
  return {
    chat: relayed<ChatRequest>(address, '/chat/completions', (call) =>
      parameters(call, baseModel(options, address, call)),
    ),
    ...(options.completions === 'native' && {
      completions: relayed(address, '/completions', (call) => withoutStreamOptions(call, knows)),
    }),
    embeddings: {
      ...relayed<EmbeddingsRequest>(address, '/embeddings'),
      ...(options.max_inputs !== undefined && inBatches(options.max_inputs)),
    },
    images: relayed<ImageRequest>(address, '/images/generations', (call) =>
      imagePatch(call, {
        base64Only: baseModel(options, address, call)?.startsWith('gpt-image-') === true,
      }),
    ),
    ...(apiOf(options) === 'v1' && {
      videos: videoJobs({
        path: '/openai/v1/videos',
        query: address.query,
        intervalMs: options.video_poll_interval * 1000,
        model: address.deployment,
      }),
    }),
  }
}

function relayed<Request extends object>(
  address: Address,
  operation: string,
  patchOf: (call: Call<Request>) => Patch | undefined = () => undefined,
): Operation<Request, never, never> {
  return {
    request: (call) => ({
      path: address.path(call, operation),
      ...sent(call.model, patchOf(call), address.deployment(call)),
    }),
  }
}

function withoutStreamOptions({ body }: Call<{ stream_options?: unknown }>, knows: Knows): Patch | undefined {
  const goes = body.stream_options !== undefined && !knows('stream_options')
  return goes ? { stream_options: undefined } : undefined
}

function baseModel(options: Options, { deployment }: Address, call: Call): string | undefined {
  return baseModelOf(options, deployment(call))
}

/** The client's bytes with what changes; `model` is the deployment. */
function sent(model: string, patch: Patch | undefined, deployment: string): { readonly patch?: Patch } {
  if (deployment !== model) return { patch: { ...patch, model: deployment } }
  return patch === undefined ? {} : { patch }
}
