import type { FaultKind, HeaderMap, HealthVerdict, OperationName } from '@llmproxy/provider-kit'

/** A JSON object as read from a fixture file. */
export type JsonObject = Readonly<Record<string, unknown>>

/** All fixtures of one plugin, as `loadFixtures()` reads them. Plain values: they may also be written in code. */
export interface Fixtures {
  readonly options: OptionsFixture
  readonly cases: readonly FixtureCase[]
  /** `health.json`: what `health()` must return, and how answers to it are judged. */
  readonly health?: HealthFixture
  /** `models.json`. */
  readonly models?: ModelsFixture
  /** `tokenizer.json`. */
  readonly tokenizer?: readonly TokenizerFixture[]
  /** Every file that was read, for the search for secrets. */
  readonly files: readonly { readonly name: string; readonly text: string }[]
}

/** `options.json`. */
export interface OptionsFixture {
  /** Accepted options. The first is what every case starts from. */
  readonly valid: readonly JsonObject[]
  readonly invalid?: readonly InvalidOptionsFixture[]
  /** For each of `valid` all headers that `authorize()` adds, lower-case names. `null`: not compared, it needs a token endpoint. */
  readonly authorize?: readonly (HeaderMap | null)[]
}

export interface InvalidOptionsFixture {
  readonly options: JsonObject
  /** Where the issue must point, joined with dots: `api_key`, `limits.0`. */
  readonly path: string
}

/** `health.json`. */
export interface HealthFixture extends UpstreamRequestFixture {
  readonly verdicts?: readonly HealthVerdictFixture[]
}

/** One answer to the health request, and what it means. */
export interface HealthVerdictFixture {
  readonly status: number
  readonly headers?: HeaderMap
  /** The answer as JSON. */
  readonly body?: unknown
  /** The answer as text, when it is no JSON. */
  readonly text?: string
  /** A `reason` that is absent is not compared. */
  readonly expect: Pick<HealthVerdict, 'status' | 'reason'>
}

/** `models.json`. */
export interface ModelsFixture {
  readonly request: UpstreamRequestFixture
  /** The vendor's answer. */
  readonly response: unknown
  /** The ids that must come out of it. */
  readonly models: readonly string[]
  /** The windows that must come out of it, in tokens by id. For a provider with `models.windows()`. */
  readonly windows?: Readonly<Record<string, number>>
}

/** One entry of `tokenizer.json`. */
export interface TokenizerFixture {
  /** As it is sent upstream. */
  readonly model: string
  /** Default: nothing. */
  readonly text?: string
  /** How many tokens the text has; `null`: the model has no tokenizer. */
  readonly tokens: number | null
}

/** `upstream.request.json`. */
export interface UpstreamRequestFixture {
  /** Default: `POST` for a case, `GET` for `health.json` and `models.json`. */
  readonly method?: string
  readonly path: string
  /** A subset: the headers named here must be there. Lower-case names. */
  readonly headers?: HeaderMap
  /** The whole JSON body as sent. Absent: the client's own body, with `model` replaced. */
  readonly body?: unknown
  /** The fields of a multipart body, files as base64. */
  readonly form?: Readonly<Record<string, string | FormFileFixture>>
}

export interface FormFileFixture {
  readonly filename: string
  readonly mediaType: string
  readonly base64: string
}

/** One entry of `follow.json`: what is asked next about a job, and what the vendor answers. */
export interface FollowFixture {
  /** `GET` by default. */
  readonly request: UpstreamRequestFixture
  /** Milliseconds to wait before. Absent: not compared. */
  readonly afterMs?: number
  /** The JSON answer; with `binary` the file as `{ mediaType, base64 }`. */
  readonly response: unknown
  readonly binary?: boolean
}

/** What the vendor answers in a case. */
export interface UpstreamAnswerFixture {
  readonly status: number
  readonly headers: HeaderMap
  /** The exact body; empty for one from `upstream.hex`. */
  readonly text: string
  /** The exact body from `upstream.hex`. */
  readonly bytes?: Uint8Array
  /** A stream: from `upstream.sse` or `upstream.hex`. */
  readonly sse: boolean
}

/** `fault.json`: how the failure must be classified. Members that are absent are not compared. */
export interface FaultFixture {
  readonly kind: FaultKind
  /** The status of the vendor's answer. Default: 200. */
  readonly status?: number
  /** The headers of the vendor's answer. */
  readonly headers?: HeaderMap
  readonly code?: string | null
  readonly param?: string | null
  readonly retryAfterMs?: number
  /** A part of the message. */
  readonly message?: string
}

/** One folder of fixtures. */
export interface FixtureCase {
  /** The folder's name. */
  readonly name: string
  readonly operation: OperationName
  readonly note?: string
  /** What `rateLimits()` makes of the headers of the vendor's answer. Absent: not compared. */
  readonly rateLimits?: HeaderMap
  /** The plugin's options: `options.json` `valid[0]` with those of `case.json` over it. */
  readonly options: JsonObject
  /** The model id to send upstream. */
  readonly model: string
  /** `request.json` says `"stream": true`. */
  readonly stream: boolean
  /** Client headers, lower case. */
  readonly headers: HeaderMap
  /** What the plugin must report with `call.dropped()`, and nothing else. */
  readonly dropped: readonly string[]
  /** `request.json`: the client's body. */
  readonly request?: JsonObject
  readonly upstreamRequest?: UpstreamRequestFixture
  /** From an `upstream.request.json` that is an array: one for each part of a request that the provider splits. */
  readonly upstreamRequests?: readonly UpstreamRequestFixture[]
  /** The vendor's answer; the first of them when there are several. */
  readonly upstream?: UpstreamAnswerFixture
  /** From `upstream.responses.json`: one for each part. */
  readonly upstreamParts?: readonly UpstreamAnswerFixture[]
  /** From `follow.json`. */
  readonly follow?: readonly FollowFixture[]
  /** The position of a part. Set by the kit when it looks at the parts of a split request one by one. */
  readonly part?: number
  /** `response.json`: the client's answer. */
  readonly response?: unknown
  /** `chunks.json` or the events of `client.sse`: the client's chunks. */
  readonly chunks?: readonly unknown[]
  readonly fault?: FaultFixture
}
