import {
  bearer,
  type Call,
  definePlugin,
  keyHeader,
  type Operations,
  type Provider,
  withFunctionCalls,
} from '@llmproxy/provider-kit'
import { ask } from './ask.ts'
import { embeddings } from './embeddings.ts'
import { perplexityFault } from './fault.ts'
import { healthCheck } from './health.ts'
import { isReasoningModel } from './models.ts'
import { type Options, options } from './options.ts'
import { parameters } from './parameters.ts'
import { chatRequest } from './request.ts'
import { completionOf } from './response.ts'
import { chunkDecoder } from './stream.ts'

const models = ['sonar', 'sonar-*']

/** Perplexity: Sonar models, which search the web, over chat completions or the specification's format. */
export default definePlugin({ type: 'perplexity', options, example: { models }, create })

function create(settings: Options): Provider {
  const { api, api_key: key } = settings
  const common = {
    // Some paths below contain the version, others have none; people write base URLs with and without it.
    baseUrl: settings.base_url.replace(/\/v1$/, ''),
    fault: perplexityFault,
    health: healthCheck(settings),
  }
  if (api === 'ask') {
    const supports = { tools: false, images: false, json_schema: false }
    return {
      ...common,
      supports,
      operations: { chat: ask },
      authorize: keyHeader('x-perplexity-api-key', key),
    }
  }
  return {
    ...common,
    supports: { tools: settings.tools },
    operations: { chat: chat(settings), ...(settings.embeddings && { embeddings }) },
    authorize: bearer(key),
  }
}

function chat(settings: Options): NonNullable<Operations['chat']> {
  const rules = parameters(settings)
  const splits = ({ model }: Call) => settings.split_think ?? isReasoningModel(model)
  return {
    request: (call) => chatRequest(call, rules, settings),
    ...withFunctionCalls({
      response: (body, call) => completionOf(body, call, splits(call)),
      stream: (call) => chunkDecoder(call, splits(call)),
    }),
  }
}
