import {
  bearer,
  definePlugin,
  type HealthAnswer,
  healthVerdict,
  type HealthVerdict,
  keyHeader,
  type Provider,
} from '@llmproxy/provider-kit'
import { tokenizer } from '@llmproxy/provider-openai/tokenizer'
import { addressOf, healthPath } from './address.ts'
import { baseModelOf } from './base-model.ts'
import { azureFault } from './fault.ts'
import { knownBy } from './feature-floor.ts'
import { operationsOf } from './operations.ts'
import { type Options, options } from './options.ts'

const example = {
  base_url: 'https://my-resource.openai.azure.com',
  models: [{ id: 'gpt-4o', upstream: 'my-gpt-4o-deployment' }],
}

/** OpenAI's models at Azure: OpenAI's format at other addresses, with deployments in the place of models. */
export default definePlugin({ type: 'azure_openai', aliases: ['azure'], options, example, create })

function create(settings: Options): Provider {
  const knows = knownBy(settings.api_version, settings.feature_floor)
  const path = healthPath(settings, addressOf(settings))
  return {
    baseUrl: settings.base_url,
    operations: operationsOf(settings),
    supports: {
      tools: knows('tools'),
      json_schema: knows('response_format.json_schema'),
      stream_usage: knows('stream_options'),
    },
    authorize: settings.auth === 'bearer' ? bearer(settings.api_key) : keyHeader('api-key', settings.api_key),
    fault: azureFault,
    health: { request: () => ({ method: 'GET', path }), verdict },
    // Deployments are often named like the model behind them.
    tokenizer: (model) => {
      const deployment = settings.deployment_id ?? model
      return tokenizer(baseModelOf(settings, deployment) ?? deployment)
    },
  }
}

/** A wrong path is for the operator to repair, like a wrong key. */
function verdict(answer: HealthAnswer): HealthVerdict {
  const found = healthVerdict(answer, azureFault({ ...answer, inBand: false }))
  return found.reason === 'bad_response' ? { ...found, reason: 'configuration' } : found
}
