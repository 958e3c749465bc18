import type { FaultKind, HeaderMap, OperationName } from '@llmproxy/provider-kit'

/** A JSON object as read from a fixture file. */
export type JsonObject = Readonly<Record<string, unknown>>

/** All fixtures of one plugin, as `loadFixtures()` reads them. Plain values: they may also be written in code. */
export interface Fixtures {
  readonly options: OptionsFixture
  readonly cases: readonly FixtureCase[]
  /** `health.json`: what `health()` must return. */
  readonly health?: UpstreamRequestFixture
  /** `models.json`. */
  readonly models?: ModelsFixture
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

/** `models.json`. */
export interface ModelsFixture {
  readonly request: UpstreamRequestFixture
  /** The vendor's answer. */
  readonly response: unknown
  /** The ids that must come out of it. */
  readonly models: readonly string[]
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
}

/** What the vendor answers in a case. */
export interface UpstreamAnswerFixture {
  readonly status: number
  readonly headers: HeaderMap
  /** The exact body. */
  readonly text: string
  /** From `upstream.sse`. */
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
  readonly upstream?: UpstreamAnswerFixture
  /** `response.json`: the client's answer. */
  readonly response?: unknown
  /** `chunks.json` or the events of `client.sse`: the client's chunks. */
  readonly chunks?: readonly unknown[]
  readonly fault?: FaultFixture
}
