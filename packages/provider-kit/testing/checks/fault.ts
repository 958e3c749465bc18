import { type FailedResponse, faultKinds, type Provider } from '@llmproxy/provider-kit'
import type { CheckDefinition } from '../check.ts'
import {
  attempt,
  classify,
  createProvider,
  openCases,
  type OpenCase,
  parseJson,
  type Subject,
  thrownText,
} from '../subject.ts'
import { describe, isObject } from '../wire-rules.ts'
import { failedAnswer } from '../failed-answer.ts'
import { faultDifferences } from '../fault-difference.ts'

export const faultChecks: readonly CheckDefinition[] = [
  {
    group: 'fault',
    name: 'failed answers are classified as fault.json says',
    why: 'Retry, fallback, breaker and the status of the client all follow from the kind.',
    find: fixtureProblems,
  },
  {
    group: 'fault',
    name: 'every status from 400 to 599 with any body is classified and never throws',
    why: 'Failures come from proxies and load balancers too, as HTML, cut or empty.',
    find: anyAnswerProblems,
  },
]

async function fixtureProblems(subject: Subject): Promise<string[]> {
  const open = await openCases(
    subject,
    ({ fixture }) => fixture.fault !== undefined && fixture.upstream !== undefined,
  )
  return open.flatMap((one) => verdictsOf(one).map((problem) => `${one.fixture.name}: ${problem}`))
}

/** An error inside a 2xx that has the usual form is found by the gateway, except in streams that a decoder reads. */
function verdictsOf({ fixture, operation, provider }: OpenCase): string[] {
  const { status = 200, sse = false } = fixture.upstream ?? {}
  const relays = operation.response === undefined && (!sse || operation.stream === undefined)
  if (sse && status < 400 && !relays) return []
  const failed = failedAnswer(fixture)
  if (failed === undefined) {
    // What has no error and is no answer either is refused by the gateway, which the end-to-end checks look at.
    return relays && fixture.fault?.kind !== 'bad_response'
      ? [`no error in the vendor’s answer, and its status is ${status}: does fault.json lack its "status"?`]
      : []
  }
  const result = attempt(() => classify(provider, failed))
  return 'value' in result
    ? faultDifferences(fixture, result.value)
    : [`fault() threw ${thrownText(result.thrown)}`]
}

const bodies: readonly string[] = [
  '',
  '<html><body><h1>502 Bad Gateway</h1></body></html>',
  '{"error":{"message":"bro',
  '{"error":"something went wrong"}',
  '{"error":{}}',
  '{"error":null}',
  '{"error":{"message":{"text":5},"type":7,"code":400}}',
  '{"error":[{"message":"first"}]}',
  '{"type":"error","error":{"type":"conformance_unknown","message":"unknown"}}',
  '{"message":"flat"}',
  '{"detail":[{"msg":"missing","loc":["body"]}]}',
  '[]',
  'null',
  '"text"',
  '17',
]

async function anyAnswerProblems(subject: Subject): Promise<string[]> {
  const provider = await createProvider(subject, subject.fixtures.options.valid[0] ?? {})
  const statuses = Array.from({ length: 200 }, (_, index) => 400 + index)
  return bodies.flatMap((text) => [
    ...statuses.flatMap((status) => verdictProblems(provider, answer(status, text, false))),
    ...verdictProblems(provider, answer(200, text, true)),
  ])
}

function answer(status: number, text: string, inBand: boolean): FailedResponse {
  return { status, headers: {}, text, body: Object.freeze(parseJson(text)), inBand }
}

function verdictProblems(provider: Provider, response: FailedResponse): string[] {
  const place = `status ${response.status} with the body ${response.text || '(empty)'}`
  const result = attempt<unknown>(() => classify(provider, response))
  if (!('value' in result)) return [`${place} threw ${thrownText(result.thrown)}`]
  const fault = result.value
  if (!isObject(fault)) return [`${place} gave ${describe(fault)}`]
  const problems: string[] = []
  if (!faultKinds.some((kind) => kind === fault['kind'])) problems.push(`kind is ${describe(fault['kind'])}`)
  if (fault['kind'] === 'cancelled') problems.push('kind cancelled is for clients that left')
  if (typeof fault['message'] !== 'string' || fault['message'] === '')
    problems.push(`message is ${describe(fault['message'])}`)
  const wait = fault['retryAfterMs']
  if (wait !== undefined && !(Number.isFinite(wait) && Number(wait) >= 0))
    problems.push(`retryAfterMs is ${describe(wait)}`)
  return problems.map((problem) => `${place}: ${problem}`)
}
