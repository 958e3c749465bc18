import { GatewayError } from '@llmproxy/core'
import type { FastifyInstance } from 'fastify'
import { withoutVersion } from '../route-table.ts'
import type { ServedGateway } from '../served-gateway.ts'

/** `GET /v1/models` and `GET /v1/models/{id}`; ids may contain slashes, written as they are or as `%2F`. */
export function serveModels(app: FastifyInstance, gateway: Pick<ServedGateway, 'models' | 'model'>): void {
  for (const url of withoutVersion('/v1/models')) {
    app.get(url, { config: { access: 'key' } }, () => gateway.models())
    app.get<{ Params: { '*': string } }>(`${url}/*`, { config: { access: 'key' } }, (request) => {
      const id = request.params['*']
      const model = gateway.model(id)
      if (model === undefined) throw unknownModel(id)
      return model
    })
  }
}

function unknownModel(id: string): GatewayError {
  return new GatewayError(
    404,
    'invalid_request_error',
    `The model ${JSON.stringify(id.slice(0, 256))} does not exist; GET /v1/models lists what does.`,
    { param: 'model', code: 'model_not_found' },
  )
}
