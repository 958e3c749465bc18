import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Fault, FaultKind } from './fault.ts'
import type {
  ChatChunk,
  ChatCompletion,
  ChatRequest,
  Completion,
  CompletionChunk,
  CompletionRequest,
  EmbeddingsRequest,
  EmbeddingsResponse,
  ImageRequest,
  ImageResponse,
  MessagesRequest,
  MessagesResponse,
  VideoRequest,
  VideoResponse,
} from './wire.ts'

/** Bumped only when an existing member changes its meaning; optional additions do not bump it. */
export const API_VERSION = 1

/** Lower-case header names to values. */
export type HeaderMap = Readonly<Record<string, string>>

/** What a provider package exports by default, made by `definePlugin()`: a name, an options schema, a factory. */
export interface ProviderPlugin<Options = unknown> {
  readonly apiVersion: typeof API_VERSION
  /** The value of `type:` in the configuration: `^[a-z][a-z0-9_-]*$`, `_` and `-` are the same. */
  readonly type: string
  /** Other values of `type:` that mean this plugin. */
  readonly aliases?: readonly string[]
  /** A strict schema (zod in practice). The host removes its own keys before it runs. */
  readonly options: StandardSchemaV1<unknown, Options>
  /**
   * Keys of the entry that `llmproxy init` writes: the `models` of this vendor (a `*` would claim those of every other vendor
   * too), and options that have no default. Nothing else reads it.
   */
  readonly example?: Readonly<Record<string, unknown>>
  /**
   * Pure: no I/O, no timers, nothing read from the environment. For several keys it runs once for each, and the results must not
   * differ in address or operations: the key is for `authorize()`, and for `exchange()`.
   */
  create(options: Options): Provider
}

/** One configured provider. A codec, not a client: the gateway owns sockets, retries, timeouts and SSE parsing. */
export interface Provider {
  /** Absolute URL that every `UpstreamRequest.path` is appended to, without a trailing slash. */
  readonly baseUrl: string
  /** An absent operation is unsupported: it is never routed here, and answered 501 when nobody has it. */
  readonly operations: Operations
  readonly supports?: Supports
  /** Names (lower case) of client request headers that may reach `Call.headers`. Default: none. They go nowhere by themselves. */
  readonly clientHeaders?: readonly string[]
  /**
   * Credential headers. Runs last, once per attempt, on the final URL and bytes, inside the attempt's first-byte limit; also
   * before `exchange()`. They replace headers of the same name. Throw a `ProviderFault`; any other error counts as a refusal
   * of the credentials.
   */
  authorize(request: PreparedRequest, io: AuthorizeIo): HeaderMap | Promise<HeaderMap>
  /**
   * Classifies a failure. Absent, or `undefined` returned: `openaiFault()` decides. The body may be missing, cut or no JSON:
   * `status` always stands. `cancelled` is the gateway's word, and counts as `network` here.
   */
  fault?(response: FailedResponse): Fault | undefined
  /**
   * The limits in the head of an answer, by the names that OpenAI's clients read: `x-ratelimit-{limit,remaining,reset}-{requests,tokens}`,
   * resets as durations (`6m0s`, see `limitDuration()`). For vendors that have other names for them. Absent: passed on as they are.
   */
  rateLimits?(headers: HeaderMap, nowEpochMs: number): HeaderMap
  /** How to ask the vendor whether it is well. The gateway judges providers by the outcome of their requests, too. */
  readonly health?: HealthCheck
  /**
   * How to ask for the vendor's model list. Configured names are served with it or without; with it, `GET /v1/models` also
   * lists what the vendor has for configured patterns such as `gpt-*`.
   */
  readonly models?: ModelList
  /**
   * A counter of the model's own tokens; `undefined` for a model whose tokenizer is not known. `model` is the id that is sent
   * upstream. Loads what it needs at the first call, not at import, and the same only once. Absent: four bytes are taken for a token.
   * A rejection, a throw and a result that is no number from 0 on count as no tokenizer.
   */
  tokenizer?(model: string): Promise<TokenCounter | undefined> | undefined
  /**
   * The hatch for what is no HTTP at all: in-process models. Vendors that must be polled have `Operation.follow`.
   * Absent: the gateway sends the request over HTTP. Reject with a `ProviderFault`, or with any error (a network fault).
   * The same may be thrown by the body. It is read at the client's pace, and closed (`return()`) when it is wanted no more.
   * The request's first-byte and idle limits, its concurrency limit and the breaker hold as for HTTP.
   */
  exchange?(request: PreparedRequest, io: ExchangeIo): Promise<UpstreamResponse>
}

/**
 * The number of tokens of a text, whatever stands in it: words that the model has for control (`<|endoftext|>`) are text here. It is
 * given pieces of at most 512 characters, and blocks everything else while it runs.
 */
export type TokenCounter = (text: string) => number

export interface ModelList {
  /** Absolute, without a trailing slash: where the vendor lists its models on another host. Default: that of the provider. */
  readonly baseUrl?: string
  request(): UpstreamRequest
  /** The parsed 2xx body in, model ids out. */
  response(body: unknown): readonly string[]
  /**
   * From the same body: how many tokens each model can take, of prompt and answer together or of the prompt alone, by the id that
   * is sent upstream. Models that the vendor does not tell it of are left out. Absent: it tells of none.
   */
  windows?(body: unknown): Readonly<Record<string, number>>
}

export interface HealthCheck {
  /** Absolute, without a trailing slash: where the vendor answers such requests on another host. Default: that of the provider. */
  readonly baseUrl?: string
  /** A request that is free of charge: it uses no model. */
  request(): UpstreamRequest
  /**
   * What the answer says, where its status alone does not: a vendor that tells of a wrong key with 400, a probe whose 400 means
   * "the key was accepted". Absent, or `undefined` returned: `healthVerdict()` decides.
   */
  verdict?(answer: HealthAnswer): HealthVerdict | undefined
}

/** The answer to a health request, whatever its status. */
export type HealthAnswer = Omit<FailedResponse, 'inBand'>

export interface HealthVerdict {
  /** `degraded`: reachable, but not at its best. */
  readonly status: 'healthy' | 'degraded' | 'unhealthy'
  /** `configuration`: the operator must act (key, address), time alone repairs nothing. */
  readonly reason?: 'configuration' | FaultKind
  /** For people; must not contain credentials. */
  readonly message?: string
}

export interface Operations {
  readonly chat?: Operation<ChatRequest, ChatCompletion, ChatChunk>
  readonly completions?: Operation<CompletionRequest, Completion, CompletionChunk>
  readonly embeddings?: Operation<EmbeddingsRequest, EmbeddingsResponse, never>
  readonly images?: Operation<ImageRequest, ImageResponse, never>
  readonly videos?: Operation<VideoRequest, VideoResponse, never>
  /** The Messages dialect (`POST /v1/messages`). Relay only: `response` and `stream` stay absent. */
  readonly messages?: Operation<MessagesRequest, MessagesResponse, never>
}

export type OperationName = keyof Operations

/** Every operation there is. */
export const operationNames = [
  'chat',
  'completions',
  'embeddings',
  'images',
  'videos',
  'messages',
] as const satisfies readonly OperationName[]

/** Features the router filters on and the conformance kit selects checks by. Absent means supported, but for `continuation`. */
export interface Supports {
  /** SSE answers of chat and completions. `false`: a streamed request is answered 501. */
  readonly streaming?: boolean
  readonly tools?: boolean
  /** Image parts in chat messages. */
  readonly images?: boolean
  readonly json_schema?: boolean
  /**
   * `stream_options.include_usage` is understood. Unless this is `false`, the gateway adds it to streamed requests of operations
   * that are relayed (no `response`, no `stream`), also into a `body` or `patch` of `request()`; those that translate ask themselves.
   */
  readonly stream_usage?: boolean
  /**
   * The exception: absent means no. A chat conversation whose last message is the assistant's is continued where that message
   * ends, not answered anew, and what it says is not repeated. With it the provider may take over a stream that another one
   * broke off (`stream_continuation`). `request()` refuses the models that cannot.
   */
  readonly continuation?: boolean
}

/** One operation of one provider. A function that is absent means that the bytes are relayed untouched. */
export interface Operation<Request = unknown, Response = unknown, Chunk = unknown> {
  /** Builds the upstream request. Pure and repeatable: it runs once per attempt. May throw a `ProviderFault`. */
  request(call: Call<Request>): UpstreamRequest
  /**
   * Translates a parsed 2xx body that has no `error`. Absent: relayed. May throw a `ProviderFault`. The result must have the
   * member that makes it an answer (`choices`, `data`): else the attempt has failed. `asked`: the last follow-up, for the result
   * of a job.
   */
  response?(body: unknown, call: Call<Request>, asked?: UpstreamRequest): Response
  /**
   * Starts to decode one stream. Absent together with `response`: relayed.
   * Absent beside `response`: the vendor cannot stream, and a streamed request is answered with the frames of its whole answer,
   * all at once. A JSON answer to a streamed request goes through `response` in any case.
   */
  stream?(call: Call<Request>): StreamDecoder<Chunk>
  /** Beside `stream`: how its bytes are cut into events, when that is not SSE. `jsonLines()` reads JSON by the line. */
  framing?(limits: FramingLimits): Framing
  /**
   * Beside `join`: the bodies to send one by one when the vendor cannot take this request at once (several prompts, more inputs
   * than fit into one call). Fewer than two, or absent: one exchange. The parts are never streamed, and each goes through `request`
   * and `response`; the first failure among them is the failure of the attempt. Losses are reported by `request`.
   */
  split?(call: Call<Request>): readonly Request[] | undefined
  /** One answer from those of the parts, in their order. */
  join?(answers: readonly Response[], call: Call<Request>): Response
  /**
   * For a vendor that answers with a job: what to ask next after this 2xx JSON body, and when. `undefined`: the body is the
   * result. Called for the answer of each follow-up too, with the request that it answers in `asked`: some vendors name the job only
   * once. Throws a `ProviderFault` for a job that has failed.
   */
  follow?(body: unknown, call: Call<Request>, asked?: UpstreamRequest): FollowUp | undefined
}

export interface FollowUp {
  /** `GET` by default. */
  readonly request: UpstreamRequest
  /** Milliseconds to wait before it. */
  readonly afterMs: number
  /** The answer is no JSON: it is taken for the result, and `response` gets a `BinaryAnswer`. */
  readonly binary?: boolean
}

/** What `response` gets of a result that is no JSON. */
export interface BinaryAnswer {
  /** The media type, lower case, without parameters. */
  readonly mediaType: string
  readonly base64: string
  /** The JSON body that `follow` answered with the request for this file: what the vendor says about the job. */
  readonly job?: unknown
}

export interface FramingLimits {
  /** Bytes of one event. More is a `ProviderFault` of kind `bad_response`. */
  readonly eventBytes: number
}

/** Cuts the bytes of one stream into events, wherever the pieces end. */
export interface Framing {
  /** The events that are whole now. Throws a `ProviderFault` of kind `bad_response` for bytes that cannot be read. */
  push(bytes: Uint8Array): readonly SseEvent[]
  /** The upstream has closed: what is left. Throws like `push` when an event is cut off. */
  end(): readonly SseEvent[]
}

export interface StreamDecoder<Chunk> {
  /**
   * One upstream event in, any number of chunks out. Throws a `ProviderFault` for an error event. Chunks must be fresh objects:
   * the gateway edits them.
   */
  event(event: SseEvent): readonly Chunk[]
  /**
   * The upstream has closed in good order, or keeps its body open a second after every choice had its `finish_reason`. Not called
   * after a failure. May give the last chunks. Throws a `ProviderFault` of kind `bad_response` if it closed too early; a choice
   * without a `finish_reason` is taken for that in any case.
   */
  end?(): readonly Chunk[]
}

export interface SseEvent {
  /** The `event:` field, when there was one. */
  readonly event?: string
  /** The `data:` lines joined with `\n`. Never empty. */
  readonly data: string
}

/** One client request as one provider sees it. Ids and times come from the gateway, so translations are deterministic. */
export interface Call<Request = unknown> {
  /**
   * The id of the client request, as in `x-request-id`: the gateway's own (`req_…`) or the one that the client sent, 1 to 128
   * letters, digits, `.`, `_` and `-`. Put the prefix of the wire format in front: `chatcmpl-${id}`.
   */
  readonly id: string
  /** Unix seconds. */
  readonly created: number
  /** The model id to send upstream, aliases resolved. */
  readonly model: string
  /** The client asked for SSE. */
  readonly stream: boolean
  /** The client's body as parsed. Never modify it. */
  readonly body: Readonly<Request>
  /** The client headers named by `Provider.clientHeaders`, lower case. */
  readonly headers: HeaderMap
  /**
   * Reports a request field that is dropped, clamped or renamed with loss, by its JSON path (`logit_bias`, `messages[2].name`).
   * Ends up in `x-llmproxy-dropped`; with `strict: true` the request is refused instead.
   */
  dropped(field: string): void
}

export interface UpstreamRequest {
  /** Default: `POST`. */
  readonly method?: 'GET' | 'POST'
  /** Appended to `baseUrl`; starts with `/`, query included. Use `encodeURIComponent` for model ids. */
  readonly path: string
  readonly headers?: HeaderMap
  /** The JSON body. Absent on POST: the client's own bytes, with `model` spliced in when it was renamed. */
  readonly body?: object
  /** Top-level members to set in the client's own bytes (`undefined` removes one). Only without `body`. */
  readonly patch?: Readonly<Record<string, unknown>>
  /** Fields of a `multipart/form-data` body. Only without `body` and `patch`. */
  readonly form?: Readonly<Record<string, string | FormFile>>
}

export interface FormFile {
  readonly filename: string
  readonly mediaType: string
  readonly bytes: Uint8Array
}

/** The final request of one attempt. */
export interface PreparedRequest {
  readonly operation: OperationName | 'health' | 'models'
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: HeaderMap
  readonly body?: Uint8Array
}

export interface AuthorizeIo {
  /** Aborted when the client leaves, a time limit passes, or the attempt is over. */
  readonly signal: AbortSignal
  /** Milliseconds since the epoch. */
  now(): number
  /**
   * For token endpoints. Redirects are not followed; an answer above 1 MiB rejects. Ends with `signal`. Where nobody answers, it
   * rejects with a `ProviderFault` that `authorize()` should let pass.
   */
  readonly fetch: (url: string, init?: FetchInit) => Promise<FetchResult>
}

export interface FetchInit {
  readonly method?: 'GET' | 'POST'
  readonly headers?: HeaderMap
  readonly body?: string
}

export interface FetchResult {
  readonly status: number
  readonly headers: HeaderMap
  readonly text: string
}

export interface ExchangeIo {
  /** Aborted when the client leaves, a time limit passes or the body is no longer wanted. Stop at once. */
  readonly signal: AbortSignal
  now(): number
}

/** Anything else is a bug of the plugin, and told as such. */
export interface UpstreamResponse {
  /** 200 to 599. */
  readonly status: number
  /** `content-type` tells a stream (`text/event-stream`) from JSON. */
  readonly headers: HeaderMap
  /** Pieces must be bytes, not text. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>
}

/**
 * A failed answer: a non-2xx status, or an error inside a 2xx answer (`inBand`): a JSON body with an `error`, or an error frame
 * of a stream that is relayed. Errors in a stream that a `StreamDecoder` reads are its own to throw.
 */
export interface FailedResponse {
  readonly status: number
  readonly headers: HeaderMap
  /** The parsed JSON, or `undefined` when the body is not JSON. For an SSE error frame: its parsed data. */
  readonly body: unknown
  /** The first 64 KiB of the body as text. */
  readonly text: string
  readonly inBand: boolean
}
