import { type Clock, GatewayError, type GatewayConfig, type Outcome, systemClock } from '@llmproxy/core'
import type { Server } from 'node:http'
import Fastify, { type FastifyInstance, type FastifyHttpOptions } from 'fastify'
import { keepBodyBytes } from './body.ts'
import { answerClientError } from './client-error.ts'
import { clientKeys } from './client-keys.ts'
import { answerError, answerErrors } from './error-reply.ts'
import { allowOrigins } from './hooks/cors.ts'
import { askForKey } from './hooks/auth.ts'
import { guardLoopback } from './hooks/loopback-guard.ts'
import { limitRates } from './hooks/rate-limit.ts'
import { answerRequestId, requestId } from './hooks/request-id.ts'
import type { ServerLog } from './log/logger.ts'
import { outcomeLine } from './log/outcome-line.ts'
import { refuseUnknownRoutes } from './not-found.ts'
import { limitPipelining } from './pipelining-limit.ts'
import { type RateLimits, rateLimits } from './rate-limits.ts'
import './route-access.ts'
import { serveModels } from './routes/models.ts'
import { serveOperations } from './routes/operations.ts'
import { serveProbes } from './routes/probes.ts'
import { serveStatus } from './routes/status.ts'
import type { ServedGateway } from './served-gateway.ts'
import { MemoryCounter } from './store/memory-counter.ts'

/** The settings of the configuration that the HTTP side reads. */
export type HttpSettings = Pick<
  GatewayConfig,
  | 'api_keys'
  | 'api_key_header'
  | 'cors_origins'
  | 'rate_limit_rpm'
  | 'rate_limit_window'
  | 'rate_limits'
  | 'body_limit'
  | 'write_timeout'
>

/** `unready`: still serving, but asked to leave. `closing`: no new connections, and answers end theirs. */
export type ServerPhase = 'serving' | 'unready' | 'closing'

export interface AppOptions {
  readonly settings: HttpSettings
  readonly log: ServerLog
  readonly clock?: Clock
  readonly newId?: () => string
  readonly phase?: () => ServerPhase
  /** Default: those of `settings`, counted in this process. */
  readonly limits?: RateLimits
}

/** The HTTP server around a gateway, not yet listening. Registered in the order in which a request meets it. */
export function buildApp(gateway: ServedGateway, options: AppOptions): FastifyInstance {
  const { settings, log, clock = systemClock, phase = () => 'serving' } = options
  const closing = () => phase() === 'closing'
  const limits = options.limits ?? rateLimits(settings, new MemoryCounter(clock))
  const app = Fastify(serverOptions(options))
  limitPipelining(app.server)

  answerRequestId(app, () => clock.now())
  allowOrigins(app, settings.cors_origins)
  if (settings.api_keys.length === 0) guardLoopback(app, settings.cors_origins)
  askForKey(app, clientKeys(settings.api_keys), settings.api_key_header)
  limitRates(app, limits, (operation) => gateway.rateLimited(operation))
  refuseUnknownRoutes(app)
  keepBodyBytes(app)
  answerErrors(app, { log, bodyLimit: settings.body_limit })

  const writeTimeoutMs = settings.write_timeout * 1000
  serveOperations(app, { gateway, writeTimeoutMs, closing, ended: (outcome) => logOutcome(log, outcome) })
  void app.register((scope, _options, done) => {
    keepUnstored(scope, log, closing)
    serveModels(scope, gateway)
    serveStatus(scope, gateway)
    serveProbes(scope, () => phase() === 'serving' && gateway.ready())
    done()
  })
  return app
}

function serverOptions({ settings, log, newId }: AppOptions): FastifyHttpOptions<Server> {
  return {
    logger: false,
    bodyLimit: settings.body_limit,
    // Time to receive a request, not to answer it.
    requestTimeout: 120_000,
    // Longer than the 60 s of common load balancers, so that it is they who close an idle connection.
    keepAliveTimeout: 80_000,
    forceCloseConnections: 'idle',
    // Requests on open connections are served while the server closes; `connection: close` ends those connections.
    return503OnClosing: false,
    requestIdHeader: false,
    genReqId: (request) => requestId(request, newId),
    routerOptions: { ignoreTrailingSlash: true, caseSensitive: true, maxParamLength: 1024 },
    // Node looks for slow clients only this often; its own default is 30 s.
    http: { connectionsCheckingInterval: 5000, headersTimeout: 20_000 },
    clientErrorHandler: answerClientError,
    frameworkErrors: (_error, request, reply) => {
      reply.header('x-request-id', request.id)
      void answerError(
        reply,
        new GatewayError(400, 'invalid_request_error', 'The path of the URL cannot be read.'),
        log,
      )
    },
  }
}

/** The answers of the small routes: never stored by caches, logged only when debugging. */
function keepUnstored(scope: FastifyInstance, log: ServerLog, closing: () => boolean): void {
  scope.addHook('onRequest', (_request, reply, done) => {
    reply.header('cache-control', 'private, no-store')
    if (closing()) reply.header('connection', 'close')
    done()
  })
  scope.addHook('onResponse', (request, reply, done) => {
    const duration_ms = Math.round(reply.elapsedTime * 100) / 100
    const path = request.routeOptions.url
    log.debug(
      { request_id: request.id, method: request.method, path, status: reply.statusCode, duration_ms },
      'answered',
    )
    done()
  })
}

function logOutcome(log: ServerLog, outcome: Outcome): void {
  log.info(outcomeLine(outcome), 'request')
}
