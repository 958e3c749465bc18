import { errorBody, failing, healthy, openStream, sendJson } from './answers.ts'
import { type Answer, type FakeUpstream, fakeUpstream, type SeenRequest } from './fake-upstream.ts'
import { provider } from './proxy.ts'

type ProviderInput = ReturnType<typeof provider>

/** What an upstream answers to whoever comes with a key. */
export const keyAnswers = {
  well: healthy(),
  401: failing(401),
  402: failing(402),
  403: failing(403),
  'a refusal in a 200': (request, response) => {
    const error = { message: 'no such key', type: 'authentication_error', code: 'invalid_api_key' }
    if (/"stream":true/.test(request.body.toString()))
      openStream(response).end(`data: ${JSON.stringify({ error })}\n\n`)
    else sendJson(response, 200, { error })
  },
  // Some vendors say so whenever they refuse.
  '401, not to be retried': failing(401, { 'x-should-retry': 'false' }),
  429: failing(429),
  '429, not to be retried': failing(429, { 'x-should-retry': 'false' }),
  '429 for 7 s': failing(429, { 'retry-after': '7' }),
  '429 for 40 s': failing(429, { 'retry-after': '40' }),
  'no quota, 429': (_request, response) =>
    sendJson(
      response,
      429,
      errorBody('You exceeded your current quota', 'insufficient_quota', 'insufficient_quota'),
    ),
  'no quota, 403': (_request, response) =>
    sendJson(response, 403, errorBody('The account has used all available credits')),
  'too large, 429': (_request, response) =>
    sendJson(response, 429, errorBody('Request too large on tokens per min (TPM): Limit 100, Requested 200')),
  'a 403 of the content filter': (_request, response) =>
    sendJson(response, 403, errorBody('blocked', 'invalid_request_error', 'content_filter')),
  400: failing(400),
  404: failing(404),
  500: failing(500),
} satisfies Readonly<Record<string, Answer>>

export type KeyAnswer = keyof typeof keyAnswers

/** The value of a key: nobody knows it, so it must not be seen anywhere. */
export const keyValue = (variable: string) => `canary-${variable.toLowerCase()}-0123456789`

export const variableOf = ({ headers }: Pick<SeenRequest, 'headers'>) =>
  /canary-(.+)-0123456789/.exec(String(headers.authorization))?.[1]?.toUpperCase() ?? 'none'

/** A provider with several keys, each in a variable of its own; and the environment that has them. */
export function keyedProvider(name: string, url: string, variables: readonly string[], more = {}) {
  const { api_key: _key, ...entry } = provider(name, url) as Record<string, unknown>
  return { ...entry, name, max_retries: 1, api_key_env: variables, ...more } as ProviderInput
}

export const environment = (variables: readonly string[]) =>
  Object.fromEntries(variables.map((variable) => [variable, keyValue(variable)]))

/** An upstream that answers by the key that it sees. */
export function keyedUpstream(answers: Readonly<Record<string, Answer>>): Promise<FakeUpstream> {
  return fakeUpstream((request, response) => answers[variableOf(request)]!(request, response))
}

/** How often each of the variables was seen. */
export function callsOf(requests: readonly SeenRequest[], variables: readonly string[]): number[] {
  return variables.map((variable) => requests.filter((request) => variableOf(request) === variable).length)
}
