import { definePlugin, type Provider, withFunctionCalls } from '@llmproxy/provider-kit'
import { authorizer } from './authorize.ts'
import { controlPlane } from './control-plane.ts'
import { embeddings } from './embeddings.ts'
import { eventStream } from './event-stream.ts'
import { converseFault } from './fault.ts'
import { type Options, options } from './options.ts'
import { converseRequest } from './request.ts'
import { completionOf } from './response.ts'
import { converseDecoder } from './stream.ts'

const example = {
  region: 'us-east-1',
  models: ['anthropic.claude-*', 'us.anthropic.claude-*', 'amazon.*', 'cohere.embed-*'],
}

/** Models on AWS Bedrock over the Converse API, translated from and to OpenAI chat. */
export default definePlugin({ type: 'bedrock', options, example, create })

function create(settings: Options): Provider {
  const { base_url: baseUrl, region } = settings
  return {
    baseUrl: baseUrl ?? `https://bedrock-runtime.${region}.amazonaws.com`,
    operations: {
      chat: {
        request: converseRequest,
        ...withFunctionCalls({ response: completionOf, stream: converseDecoder }),
        framing: eventStream,
      },
      embeddings: embeddings(settings),
    },
    authorize: authorizer(settings),
    fault: converseFault,
    ...controlPlane(settings),
  }
}
