import type {
  ChatChunk,
  ChatCompletion,
  Completion,
  CompletionChunk,
  EmbeddingsResponse,
  ImageResponse,
  MessagesResponse,
  OperationName,
  ProviderPlugin,
  VideoResponse,
} from '@llmproxy/provider-kit'
import { chunkSequenceProblems } from './chunk-sequence.ts'
import { type Conversations, converse, type ConversationProblem } from './converse.ts'
import type { CreateGateway, GatewayLike } from './gateway.ts'
import type { SimulatedVendor, Simulator } from './simulator.ts'
import { parseSse } from './sse-parser.ts'
import { parseJson } from './subject.ts'
import { readToolCalls, type ToolCallAnswers } from './tool-calls.ts'
import { wireProblems } from './wire-validator.ts'

export interface VendorStageOptions<Gateway extends GatewayLike> {
  /** `createGateway` of `@llmproxy/core`. */
  readonly createGateway: CreateGateway<Gateway>
  /**
   * The gateway's providers by name: what stands in their entries beside the vendor's options, or instead of them. `models` is
   * `['*']` unless it is given. Default: one provider, named after the vendor's type.
   */
  readonly providers?: (url: string) => Readonly<Record<string, object>>
}

/** A simulated vendor with a gateway in front of it. */
export interface VendorStage<Gateway extends GatewayLike = GatewayLike> extends AsyncDisposable {
  readonly simulator: Simulator
  readonly gateway: Gateway
  /**
   * The whole answer. Rejects with its status and text when it is not 200, when the vendor has refused a request, or when the
   * answer is not what an OpenAI client expects.
   */
  readonly ask: <Name extends OperationName>(operation: Name, body: object) => Promise<WholeAnswers[Name]>
  /** The chunks of a stream without `[DONE]`. Rejects like `ask()`, and when the stream does not end with `[DONE]`. */
  readonly chunks: <Name extends keyof StreamChunks>(
    operation: Name,
    body: object,
  ) => Promise<StreamChunks[Name][]>
  /** A chat request that is answered with tool calls, whole and streamed. Rejects like both, and when they are not alike. */
  readonly toolCalls: (body: object) => Promise<ToolCallAnswers>
  /** The status of a failure and the `error` that the client gets. Rejects when the request succeeds. */
  readonly fails: (operation: OperationName, body: object) => Promise<FailedAnswer>
  /** Generated conversations: what went wrong, empty when nothing did. */
  readonly converse: (conversations: Conversations) => Promise<readonly ConversationProblem[]>
  /** Sends a request to the vendor itself, past the gateway, and forgets it: for what a simulator must refuse. */
  readonly direct: (request: DirectRequest) => Promise<DirectAnswer>
  /** Forgets the vendor's requests and violations; throws when there were violations. For what runs after each test. */
  readonly settle: () => void
}

export interface WholeAnswers {
  readonly chat: ChatCompletion
  readonly completions: Completion
  readonly embeddings: EmbeddingsResponse
  readonly images: ImageResponse
  readonly videos: VideoResponse
  readonly messages: MessagesResponse
}

export interface StreamChunks {
  readonly chat: ChatChunk
  readonly completions: CompletionChunk
}

export interface FailedAnswer {
  readonly status: number
  readonly error: Readonly<Record<string, unknown>>
}

export interface DirectRequest {
  /** Appended to the simulator's address. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Sent with POST, as JSON. Absent: GET. */
  readonly body?: object
}

export interface DirectAnswer {
  readonly status: number
  /** `undefined` when it is no JSON. */
  readonly body: unknown
  /** Why the vendor has refused it; absent when it has not. */
  readonly refusal: string | undefined
}

/**
 * Starts a simulated vendor and a gateway in front of it, without rate limits, retries or fallbacks. Rejects when the gateway
 * cannot be created. Dispose of the stage to close both.
 */
export async function openVendorStage<Gateway extends GatewayLike>(
  plugin: ProviderPlugin,
  vendor: SimulatedVendor,
  options: VendorStageOptions<Gateway>,
): Promise<VendorStage<Gateway>> {
  const simulator = await vendor.start()
  try {
    const entries = options.providers?.(simulator.url) ?? { [vendor.type]: {} }
    const shared = { type: vendor.type, models: ['*'], enabled: true, max_retries: 0 }
    const own = vendor.options(simulator.url)
    const providers = Object.entries(entries).map(([name, entry]) => ({ name, ...shared, ...own, ...entry }))
    const config = { providers, max_attempts: 1, rate_limits: { chat: null } }
    const gateway = await options.createGateway(config, { plugins: [plugin], env: {} })
    return stageOf(simulator, gateway)
  } catch (error) {
    await simulator.close()
    throw error
  }
}

function stageOf<Gateway extends GatewayLike>(simulator: Simulator, gateway: Gateway): VendorStage<Gateway> {
  const stage = { simulator, gateway }
  const ask: VendorStage['ask'] = async (operation, body) => {
    const answer = parseJson(await answered(stage, operation, body))
    complain(operation, wireProblems(operation, answer))
    return answer as WholeAnswers[typeof operation]
  }
  const chunks: VendorStage['chunks'] = async (operation, body) => {
    const events = parseSse(await answered(stage, operation, { ...body, stream: true }))
    const last = events.pop()?.data
    if (last !== '[DONE]') complain(operation, [`the stream ends with ${last ?? 'nothing'}, not with [DONE]`])
    const list = events.map(({ data }) => parseJson(data))
    complain(operation, chunkSequenceProblems(list, operation))
    return list as StreamChunks[typeof operation][]
  }
  return {
    ...stage,
    ask,
    chunks,
    toolCalls: async (body) => readToolCalls(await ask('chat', body), await chunks('chat', body)),
    async fails(operation, body) {
      const { status, text } = await told(gateway, operation, body)
      if (status === 200) throw new Error(`${operation}: answered, where a failure was expected: ${text}`)
      return { status, error: (parseJson(text) as { error: FailedAnswer['error'] }).error }
    },
    converse: (conversations) => converse(stage, conversations),
    direct: (request) => direct(simulator, request),
    settle() {
      const refused = simulator.violations.map(({ status, message }) => `${status} ${message}`)
      simulator.reset()
      complain('the vendor has refused', refused)
    },
    async [Symbol.asyncDispose]() {
      await gateway.close()
      await simulator.close()
    },
  }
}

/** The text of an answer with status 200 to a request of which the vendor has refused nothing. */
async function answered(
  { simulator, gateway }: { simulator: Simulator; gateway: GatewayLike },
  operation: OperationName,
  body: object,
): Promise<string> {
  const before = simulator.violations.length
  const { status, text } = await told(gateway, operation, body)
  const refused = simulator.violations
    .slice(before)
    .map(({ message }) => `the vendor has refused: ${message}`)
  complain(operation, status === 200 ? refused : [`${status} ${text}`, ...refused])
  return text
}

async function told(gateway: GatewayLike, operation: OperationName, body: object) {
  const answer = await gateway.respond(operation, body)
  return { status: answer.status, text: await answer.text() }
}

function complain(subject: string, problems: readonly string[]): void {
  if (problems.length > 0) throw new Error(`${subject}: ${problems.join('\n')}`)
}

async function direct(simulator: Simulator, { path, headers, body }: DirectRequest): Promise<DirectAnswer> {
  const before = simulator.violations.length
  const post = { method: 'POST', body: JSON.stringify(body) }
  const answer = await fetch(simulator.url + path, {
    headers: { 'content-type': 'application/json', ...headers },
    ...(body !== undefined && post),
  })
  const text = await answer.text()
  const refusal = simulator.violations[before]?.message
  simulator.reset()
  return { status: answer.status, body: parseJson(text), refusal }
}
