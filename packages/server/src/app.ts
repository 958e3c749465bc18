import { type Clock, GatewayError, type Outcome, systemClock } from '@llmproxy/core'
import type { Server } from 'node:http'
import Fastify, { type FastifyInstance, type FastifyHttpOptions } from 'fastify'
import { keepBodyBytes } from './body.ts'
import { answerClientError } from './client-error.ts'
import { limitConnections } from './connection-limit.ts'
import { answerError, answerErrors } from './error-reply.ts'
import { HeldBodies, roomForBodies } from './held-bodies.ts'
import { allowOrigins } from './hooks/cors.ts'
import { askForKey } from './hooks/auth.ts'
import { guardLoopback } from './hooks/loopback-guard.ts'
import { limitRates } from './hooks/rate-limit.ts'
import { refuseOddForms } from './hooks/request-form.ts'
import { answerRequestId, requestId } from './hooks/request-id.ts'
import type { ServerLog } from './log/logger.ts'
import { outcomeLine } from './log/outcome-line.ts'
import { type HttpSettings, LiveSettings } from './live-settings.ts'
import { refuseUnknownRoutes } from './not-found.ts'
import { type RateLimits, rateLimits } from './rate-limits.ts'
import './route-access.ts'
import { serveModels } from './routes/models.ts'
import { serveOperations } from './routes/operations.ts'
import { serveProbes } from './routes/probes.ts'
import { serveStatus } from './routes/status.ts'
import type { ServedGateway, StatusGateway } from './served-gateway.ts'
import { MemoryCounter } from './store/memory-counter.ts'
import { Unanswered } from './unanswered.ts'
import { UnreadAnswers } from './unread-answers.ts'

/** `unready`: still serving, but asked to leave: answers end their connections. `closing`: no new connections. */
export type ServerPhase = 'serving' | 'unready' | 'closing'

export interface AppOptions {
  /** `LiveSettings`, when they may be replaced while the server runs. */
  readonly settings: HttpSettings | LiveSettings
  readonly log: ServerLog
  readonly clock?: Clock
  readonly newId?: () => string
  readonly phase?: () => ServerPhase
  /** Default: those of `settings`, counted in this process. */
  readonly limits?: RateLimits
  /** What is told of the server. Default: what the gateway says. */
  readonly status?: StatusGateway
}

/** The HTTP server around a gateway, not yet listening. Registered in the order in which a request meets it. */
export function buildApp(gateway: ServedGateway, options: AppOptions): FastifyInstance {
  const { settings, log, clock = systemClock, phase = () => 'serving' } = options
  const live = settings instanceof LiveSettings ? settings : new LiveSettings(settings)
  const closing = () => phase() !== 'serving'
  const limits = options.limits ?? rateLimits(live.now, new MemoryCounter(clock))
  const unanswered = new Unanswered()
  const app = Fastify(serverOptions(options, unanswered))
  unanswered.limit(app.server)
  limitConnections(app.server, { live, log, clock })
  live.follow((now) => {
    limits.configure(now)
    app.server.keepAliveTimeout = now.keep_alive_timeout * 1000
  })

  answerRequestId(app, () => clock.now())
  refuseOddForms(app)
  allowOrigins(app, live)
  guardLoopback(app, live)
  askForKey(app, live)
  limitRates(app, limits, (operation) => gateway.rateLimited(operation))
  refuseUnknownRoutes(app)
  const held = new HeldBodies(roomForBodies(live.now.workers))
  keepBodyBytes(app, { limitNow: () => live.now.body_limit, held, unanswered })
  answerErrors(app, log)

  const unread = new UnreadAnswers({ writeTimeoutMs: () => live.now.write_timeout * 1000 }, log)
  serveOperations(app, { gateway, unread, closing, ended: (outcome) => logOutcome(log, outcome) })
  void app.register((scope, _options, done) => {
    keepUnstored(scope, { log, closing, unread })
    serveModels(scope, gateway)
    serveStatus(scope, options.status ?? gateway)
    serveProbes(scope, () => phase() === 'serving' && gateway.ready())
    done()
  })
  return app
}

function serverOptions({ log, newId }: AppOptions, unanswered: Unanswered): FastifyHttpOptions<Server> {
  return {
    logger: false,
    // Time to receive a request, not to answer it.
    requestTimeout: 120_000,
    forceCloseConnections: 'idle',
    // Requests on open connections are served while the server closes; `connection: close` ends those connections.
    return503OnClosing: false,
    requestIdHeader: false,
    genReqId: (request) => requestId(request, newId),
    routerOptions: { ignoreTrailingSlash: true, caseSensitive: true, maxParamLength: 1024 },
    // Node looks for slow clients only this often; its own default is 30 s.
    // A client that has vanished without a word is noticed within a minute, also while its answer is waited for.
    http: {
      connectionsCheckingInterval: 5000,
      headersTimeout: 20_000,
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
    },
    clientErrorHandler: (error, socket) => answerClientError(error, socket, unanswered),
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

/** Characters: what is shorter fits into the buffers of every system. */
const listed = 16_384

interface SmallRoutes {
  readonly log: ServerLog
  readonly unread: UnreadAnswers
  readonly closing: () => boolean
}

/** The answers of the small routes: never stored by caches, logged only when debugging, and not kept for a client that does not read. */
function keepUnstored(scope: FastifyInstance, { log, unread, closing }: SmallRoutes): void {
  scope.addHook('onRequest', (_request, reply, done) => {
    reply.header('cache-control', 'private, no-store')
    if (closing()) reply.header('connection', 'close')
    done()
  })
  scope.addHook('onSend', (_request, reply, payload, done) => {
    if (typeof payload === 'string' && payload.length > listed) unread.waits(reply.raw, payload.length)
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
