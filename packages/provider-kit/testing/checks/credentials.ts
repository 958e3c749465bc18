import type { HeaderMap, OperationName, Provider } from '@llmproxy/provider-kit'
import type { CheckDefinition } from '../check.ts'
import { differences } from '../difference.ts'
import { callCreated, createProvider, type Subject, thrownText } from '../subject.ts'

export const credentialChecks: readonly CheckDefinition[] = [
  {
    group: 'request',
    name: 'authorize() adds the headers that options.json says',
    why: 'A key in a header that the vendor does not read is no key.',
    find: authorizeProblems,
  },
]

async function authorizeProblems(subject: Subject): Promise<string[]> {
  const { valid, authorize: golden } = subject.fixtures.options
  const added: Added[] = []
  for (const options of valid) added.push(await addedHeaders(await createProvider(subject, options)))
  const found = added.map((one) => one.headers ?? null)
  if (golden === undefined) {
    const adds = added.some((one) => one.headers === undefined || Object.keys(one.headers).length > 0)
    return adds
      ? [`options.json: authorize is missing: for each of valid its headers; found ${JSON.stringify(found)}`]
      : []
  }
  const problems =
    golden.length === valid.length
      ? []
      : [
          `options.json: authorize has ${golden.length} entries, valid has ${valid.length}: write one for each`,
        ]
  for (const [index, expected] of golden.entries()) {
    const one = added[index]
    if (one === undefined || expected === null) continue
    const place = `options.json: authorize[${index}]`
    if (one.headers === undefined) problems.push(`${place}: authorize() threw ${thrownText(one.thrown)}`)
    else problems.push(...differences(expected, one.headers, Object.is, place))
  }
  return problems
}

interface Added {
  readonly headers?: HeaderMap
  readonly thrown?: unknown
}

/** Time stands still here, so a signature is the same in every run. There is no network. */
async function addedHeaders(provider: Provider): Promise<Added> {
  const [operation = 'chat'] = Object.keys(provider.operations) as OperationName[]
  const request = {
    operation,
    method: 'POST',
    url: `${provider.baseUrl}/conformance`,
    headers: Object.freeze({ 'content-type': 'application/json' }),
    body: Buffer.from('{}'),
  } as const
  try {
    const headers = await provider.authorize(request, {
      signal: new AbortController().signal,
      now: () => callCreated * 1000,
      fetch: (url) => Promise.reject(new Error(`${url} is out of reach: write null for these headers`)),
    })
    return { headers }
  } catch (thrown) {
    return { thrown }
  }
}
