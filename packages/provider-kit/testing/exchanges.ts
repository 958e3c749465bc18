import type { UpstreamRequest } from '@llmproxy/provider-kit'
import { frozenCopy } from './difference.ts'
import { isErrorBody } from './failed-answer.ts'
import type { FixtureCase, FollowFixture, JsonObject } from './fixture.ts'
import { callOf, type OpenCase, parseJson } from './subject.ts'
import { isObject } from './wire-rules.ts'

/** The bodies of the parts, when the provider splits the request of a case; never streamed, as the gateway sends them. */
export function partsOf({ operation, fixture }: OpenCase): readonly JsonObject[] | undefined {
  if (operation.split === undefined || operation.join === undefined || fixture.request === undefined)
    return undefined
  const parts = operation.split(callOf(fixture))
  if (parts === undefined || parts.length < 2) return undefined
  return parts.map((part) => {
    const { stream: _stream, stream_options: _options, ...body } = isObject(part) ? part : {}
    return body
  })
}

/** What a case asks the vendor: itself, or one case for each of its parts. */
export function exchangesOf(open: OpenCase): readonly OpenCase[] {
  const parts = partsOf(open)
  if (parts === undefined) return [open]
  return parts.map((request, part) => ({ ...open, fixture: partFixture(open.fixture, request, part) }))
}

function partFixture(fixture: FixtureCase, request: JsonObject, part: number): FixtureCase {
  const { upstreamRequest: _request, upstream: _answer, ...shared } = fixture
  const upstreamRequest = fixture.upstreamRequests?.[part]
  const upstream = fixture.upstreamParts?.[part]
  return {
    ...shared,
    name: `${fixture.name}, part ${part}`,
    request,
    stream: false,
    part,
    ...(upstreamRequest && { upstreamRequest }),
    ...(upstream && { upstream }),
  }
}

/** The body that `response()` reads: the vendor's first answer, or what a job ends with. Frozen. */
export function resultOf({ upstream, follow = [] }: FixtureCase): unknown {
  const first = parseJson(upstream?.text ?? '')
  const last = follow.at(-1)
  if (last === undefined) return frozenCopy(first)
  if (last.binary !== true || !isObject(last.response)) return frozenCopy(last.response)
  return frozenCopy({ job: follow.length === 1 ? first : follow.at(-2)?.response, ...last.response })
}

/** What `follow()` asks after each answer of a case, one by one; the golden answers come from `follow.json`. */
export interface FollowedStep {
  /** The entry of `follow.json`; `undefined` after the last. */
  readonly golden: FollowFixture | undefined
  readonly asked:
    | { readonly request: UpstreamRequest; readonly afterMs: number; readonly binary?: boolean }
    | undefined
}

/**
 * Goes through the steps of a job until `follow()` asks for nothing, or for more than `follow.json` has. Throws what it throws.
 * One call for all of them, as in the gateway.
 */
export function followed({ operation, fixture }: OpenCase, call = callOf(fixture)): FollowedStep[] {
  const steps: FollowedStep[] = []
  let body: unknown = parseJson(fixture.upstream?.text ?? '')
  let before: UpstreamRequest | undefined
  for (let at = 0; operation.follow !== undefined; at += 1) {
    const golden = fixture.follow?.[at]
    // Read as a failure by the gateway, whoever answers it.
    if (isErrorBody(body)) break
    const asked = operation.follow(frozenCopy(body), call, before)
    steps.push({ golden, asked })
    // A file is the result: nothing is asked about it.
    if (asked === undefined || golden === undefined || golden.binary === true) break
    body = golden.response
    before = asked.request
  }
  return steps
}

/** The last follow-up of a job, which `response()` is told. */
export function lastAsked(open: OpenCase, call = callOf(open.fixture)): UpstreamRequest | undefined {
  return followed(open, call).findLast(({ asked }) => asked !== undefined)?.asked?.request
}

/** The client's whole answer. A relayed one is the vendor's. Throws what the provider throws. */
export function answerOf(open: OpenCase): unknown {
  const exchanges = exchangesOf(open)
  const answers = exchanges.map(({ fixture, operation }) => {
    const call = callOf(fixture)
    const asked = lastAsked({ ...open, fixture }, call)
    const body = resultOf(fixture)
    return operation.response === undefined ? body : operation.response(body, call, asked)
  })
  return exchanges.length === 1 ? answers[0] : open.operation.join?.(answers, callOf(open.fixture))
}
