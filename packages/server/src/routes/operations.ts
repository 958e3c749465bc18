import { type Ingress, type Outcome, parseBody } from '@llmproxy/core'
import type { HeaderMap, OperationName } from '@llmproxy/provider-kit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ReplyEgress, type ReplyOptions } from '../reply.ts'
import { operationPaths, withoutVersion } from '../route-table.ts'
import type { ServedGateway } from '../served-gateway.ts'

const nothing = Buffer.alloc(0)

export interface OperationRouteOptions extends ReplyOptions {
  readonly gateway: Pick<ServedGateway, 'handle'>
  /** Called once for each request that reached the gateway, when its body has ended. */
  ended(outcome: Outcome): void
}

/** The routes that reach a model: HTTP in, gateway, HTTP out. */
export function serveOperations(app: FastifyInstance, options: OperationRouteOptions): void {
  for (const [operation, path] of Object.entries(operationPaths) as [OperationName, string][]) {
    for (const url of withoutVersion(path)) {
      app.post(url, { config: { access: 'key', operation } }, (request, reply) => {
        const ingress = ingressOf(operation, request)
        return answer(ingress, reply, options)
      })
    }
  }
}

function ingressOf(operation: OperationName, request: FastifyRequest): Ingress {
  const bytes = (request.body as Buffer | null | undefined) ?? nothing
  const { id, caller, startedAt } = request
  // A request has no header that is a list in Node's reading, except `set-cookie`, which no provider asks for.
  const headers = request.headers as HeaderMap
  return { id, operation, bytes, body: parseBody(operation, bytes), caller, headers, startedAt }
}

async function answer(ingress: Ingress, reply: FastifyReply, options: OperationRouteOptions): Promise<void> {
  options.ended(await options.gateway.handle(ingress, new ReplyEgress(reply, options)))
}
