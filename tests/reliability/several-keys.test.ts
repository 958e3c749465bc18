import { expect, test } from 'vitest'
import { bodies, fakeUpstream, paths, send, startProxy } from './support.ts'
import {
  callsOf,
  environment,
  type KeyAnswer,
  keyAnswers,
  keyedProvider,
  variableOf,
} from './support/keyed-upstream.ts'

/** What a request comes to: its status, the code of its error, and its `retry-after`. */
type Came = readonly [status: number, code?: string, retryAfter?: string]

/** Calls of each key, and of the next provider's behind a `+`: for the first request, and for the same one again. */
type Calls = readonly [first: string, second: string]

interface KeyCase {
  /** What each key is answered, for each provider of the route. */
  readonly keys: readonly (readonly KeyAnswer[])[]
  readonly calls: Calls
  readonly came: Came
  /** Default: the same. */
  readonly next?: Came
  readonly maxAttempts?: number
}

const one = (...keys: KeyAnswer[]) => [keys]
const well: Came = [200]
const refused: Came = [502, 'upstream_authentication']
const limited = (retryAfter: string): Came => [429, 'rate_limit_exceeded', retryAfter]
/** For as long as a key is retired. */
const exhausted: Came = [502, 'upstream_credentials_exhausted', '600']
const broken: Came = [502, 'upstream_error']

const cases: readonly KeyCase[] = [
  // One key: what it always was.
  { keys: one(401), calls: ['1', '1'], came: refused },
  { keys: one(429), calls: ['1', '1'], came: limited('5') },
  { keys: one('no quota, 403'), calls: ['1', '1'], came: [429, 'insufficient_quota', '60'] },
  // A refused key is asked once, and no more.
  { keys: one(401, 'well'), calls: ['11', '01'], came: well },
  { keys: one(402, 'well'), calls: ['11', '01'], came: well },
  { keys: one(403, 'well'), calls: ['11', '01'], came: well },
  { keys: one('no quota, 403', 'well'), calls: ['11', '01'], came: well },
  { keys: one('401, not to be retried', 'well'), calls: ['11', '01'], came: well },
  { keys: one('a refusal in a 200', 'well'), calls: ['11', '01'], came: well },
  { keys: one(401, 402, 'well'), calls: ['111', '001'], came: well },
  // A limited key rests, and the one that took over stays in use.
  { keys: one(429, 'well'), calls: ['11', '01'], came: well },
  { keys: one('429 for 7 s', 'well'), calls: ['11', '01'], came: well },
  { keys: one('429, not to be retried', 'well'), calls: ['11', '01'], came: well },
  { keys: one('no quota, 429', 'well'), calls: ['11', '01'], came: well },
  { keys: one(401, 429, 'well'), calls: ['111', '001'], came: well },
  // Another key is no retry: the one retry that there may be is left for what fails then.
  { keys: one(401, 500), calls: ['12', '02'], came: broken },
  { keys: one(429, 500), calls: ['12', '02'], came: broken },
  // What is not the fault of a key.
  { keys: one(500, 'well'), calls: ['20', '20'], came: broken },
  { keys: one(404, 'well'), calls: ['10', '10'], came: [404, 'model_not_found'] },
  { keys: one(400, 'well'), calls: ['10', '10'], came: [400] },
  { keys: one('a 403 of the content filter', 'well'), calls: ['10', '10'], came: [400, 'content_filter'] },
  { keys: one('too large, 429', 'well'), calls: ['10', '10'], came: [429, 'request_too_large', '1'] },
  // None is left.
  { keys: one(401, 401), calls: ['11', '00'], came: exhausted },
  { keys: one(403, 402, 401), calls: ['111', '000'], came: exhausted },
  // All rest, until the first of them is ready. A guess of ours does not close the only deployment of a route.
  { keys: one('429 for 7 s', '429 for 40 s'), calls: ['11', '00'], came: limited('7') },
  { keys: one('429 for 40 s', '429 for 7 s'), calls: ['11', '00'], came: limited('7') },
  { keys: one(429, 429), calls: ['11', '10'], came: limited('5') },
  {
    keys: one('no quota, 429', 'no quota, 429'),
    calls: ['11', '10'],
    came: [429, 'insufficient_quota', '600'],
  },
  { keys: one('429 for 7 s', 401), calls: ['11', '00'], came: limited('7') },
  { keys: one(401, '429 for 7 s'), calls: ['11', '00'], came: limited('7') },
  // Attempts are counted, and one is left for each provider that follows.
  { keys: one(401, 401, 'well'), calls: ['110', '001'], came: refused, next: well, maxAttempts: 2 },
  { keys: one(401, 401), calls: ['11', '00'], came: exhausted, maxAttempts: 2 },
  { keys: [[401, 401, 'well'], ['well']], calls: ['100+1', '010+1'], came: well, maxAttempts: 2 },
  { keys: [[401, 402], ['well']], calls: ['11+1', '00+1'], came: well },
  { keys: [[429, 'well'], ['well']], calls: ['11+0', '01+0'], came: well },
  {
    keys: [[401, 402], [500]],
    calls: ['11+2', '00+2'],
    came: [503, 'providers_unavailable'],
    next: broken,
  },
  {
    keys: [
      [401, 402],
      [401, 403],
    ],
    calls: ['11+11', '00+00'],
    came: exhausted,
  },
]

const nameOf = ({ keys, maxAttempts }: KeyCase) =>
  `${keys.map((each) => each.join(' | ')).join(' + ')}${maxAttempts === undefined ? '' : `, ${maxAttempts} attempts`}`

const shapes = [
  { shape: 'plain', stream: false },
  { shape: 'streamed', stream: true },
]

const variablesOf = (index: number, position: number, keys: readonly unknown[]) =>
  keys.map((_, key) => `CASE_${index}_${position}_${'ABC'[key]}`)

test.each(shapes)('each fault asks each key as often as it must, $shape', async ({ stream }) => {
  const routes = cases.map(({ keys }, index) =>
    keys.map((each, position) => variablesOf(index, position, each)),
  )
  const answers = new Map(
    cases.flatMap(({ keys }, index) =>
      keys.flatMap((each, position) =>
        each.map((answer, key) => [routes[index]![position]![key]!, keyAnswers[answer]] as const),
      ),
    ),
  )
  const upstream = await fakeUpstream((request, response) =>
    answers.get(variableOf(request))!(request, response),
  )
  const limits = [...new Set(cases.map(({ maxAttempts = 5 }) => maxAttempts))]
  const outcomes = await Promise.all(limits.map((limit) => outcomesWith(limit)))
  expect(Object.fromEntries(outcomes.flat())).toEqual(
    Object.fromEntries(
      cases.map((each) => [
        nameOf(each),
        [
          [each.calls[0], ...each.came],
          [each.calls[1], ...(each.next ?? each.came)],
        ],
      ]),
    ),
  )

  async function outcomesWith(limit: number) {
    const chosen = [...cases.entries()].filter(([, { maxAttempts = 5 }]) => maxAttempts === limit)
    const providers = chosen.flatMap(([index]) =>
      routes[index]!.map((variables, position) =>
        keyedProvider(`case${index}-${position}`, upstream.url, variables, {
          priority: position + 1,
          models: [`model-${index}`],
        }),
      ),
    )
    const proxy = await startProxy(
      { providers, max_attempts: limit, max_retry_wait: 1 },
      { env: environment([...answers.keys()]) },
    )
    const asked = async (index: number) => {
      const before = upstream.requests.length
      const body = { ...bodies.chat, model: `model-${index}`, stream }
      const reply = await send(proxy.url, paths.chat, { body })
      const seen = upstream.requests.slice(before)
      expect(reply.text + JSON.stringify(reply.headers)).not.toContain('canary')
      const calls = routes[index]!.map((variables) => callsOf(seen, variables).join(''))
      return [calls.join('+'), ...cameOf(reply)]
    }
    const both = async ([index, each]: (typeof chosen)[number]) =>
      [nameOf(each), [await asked(index), await asked(index)]] as const
    const results = await Promise.all(chosen.map(both))
    expect(JSON.stringify(proxy.requests)).not.toContain('canary')
    return results
  }
})

function cameOf({ status, text, headers }: Awaited<ReturnType<typeof send>>): Came {
  if (status === 200) return [200]
  const { code } = (JSON.parse(text) as { error: { code: string | null } }).error
  const retryAfter = headers['retry-after']
  if (retryAfter !== undefined) return [status, code!, retryAfter]
  return code === null ? [status] : [status, code]
}
