import {
  bearer,
  type Call,
  type ChatRequest,
  definePlugin,
  imagePatch,
  openaiCompatible,
  type OperationName,
  type Patch,
  type Provider,
  videoJobs,
} from '@llmproxy/provider-kit'
import { completions } from './completions.ts'
import { conflictFault } from './fault.ts'
import { type Options, options } from './options.ts'
import { parameters } from './parameters.ts'
import { tokenizer } from './tokenizer.ts'

const models = ['gpt-*', 'chatgpt-*', 'o1*', 'o3*', 'o4*', 'text-embedding-*', 'dall-e-*', 'sora-*']

/** OpenAI: the vendor whose format this is. Everything that it takes as it is, is relayed. */
export default definePlugin({ type: 'openai', options, example: { models }, create })

function create(settings: Options): Provider {
  const { organization, project } = settings
  const headers = {
    ...(organization !== undefined && { 'openai-organization': organization }),
    ...(project !== undefined && { 'openai-project': project }),
  }
  const provider = openaiCompatible({
    baseUrl: settings.base_url,
    authorize: bearer(settings.api_key),
    operations: ['chat', 'embeddings', 'images'],
    headers,
    fault: conflictFault,
    patch: (call, operation) => fixes(call, operation, settings),
  })
  const { chat } = provider.operations
  return {
    ...provider,
    operations: {
      ...provider.operations,
      ...(chat && { completions: completions(chat) }),
      videos: videoJobs({ headers, intervalMs: settings.video_poll_interval * 1000 }),
    },
    tokenizer,
  }
}

function fixes(
  call: Call<Record<string, unknown>>,
  operation: OperationName,
  { model_fixes }: Options,
): Patch | undefined {
  if (operation === 'images') {
    // The newer image models refuse `response_format`, and always answer with the picture itself.
    return imagePatch(call, { base64Only: model_fixes && call.model.startsWith('gpt-image-') })
  }
  return operation === 'chat' && model_fixes ? parameters(call as Call<ChatRequest>) : undefined
}
