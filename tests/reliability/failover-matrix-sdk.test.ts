import OpenAI, { APIError } from 'openai'
import { expect, test } from 'vitest'
import { failoverMatrix } from './support/failover-cases.ts'
import { askAll } from './support/failover-run.ts'
import { providerName } from './support/failover-upstream.ts'
import type { AskedFor } from './support/upstream-faults.ts'

const messages = [{ role: 'user' as const, content: 'Hi' }]

/** The provider that answered, or the error that the official client throws; its own retries are on. */
async function askWithClient(url: string, model: string, asked: AskedFor): Promise<string> {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any' })
  let heard = ''
  try {
    const { data, response } = await created(client, model, asked).withResponse()
    if (Symbol.asyncIterator in data)
      for await (const { choices } of data) heard += choices[0]?.delta.content ?? ''
    return `answer of the ${response.headers.get('x-llmproxy-provider')?.split('-')[1]}`
  } catch (error) {
    if (!(error instanceof APIError)) throw error
    return heard === 'half' ? `200, then ${error.code}` : `${error.status} ${error.code}`
  }
}

function created(client: OpenAI, model: string, { operation, streamed }: AskedFor) {
  if (operation === 'images') return client.images.generate({ model, prompt: 'Hi' })
  return streamed
    ? client.chat.completions.create({ model, messages, stream: true })
    : client.chat.completions.create({ model, messages })
}

test.each<AskedFor>([
  { operation: 'chat', streamed: false },
  { operation: 'chat', streamed: true },
  { operation: 'images', streamed: false },
])(
  '$operation, streamed: $streamed: the official client gets the same, and multiplies nothing',
  async (asked) => {
    const cases = failoverMatrix(asked).filter(
      ({ name, expected }) =>
        // A rate limit that the gateway has not repeated is the client's to repeat, after seconds.
        !expected.wait.includes('may come back') && !name.includes('behind'),
    )
    const { upstream, results } = await askAll(cases, {}, askWithClient)
    const seen = cases.map(({ name, route }, index) => {
      const calls = route.map((_, position) => upstream.requests(providerName(index, position)).length)
      return [name, { answer: results[index], calls }]
    })
    const expected = cases.map(({ name, route, expected: { answer, calls } }) => [
      name,
      // Where nothing listens nobody counts.
      { answer, calls: calls.map((count, position) => (isSilent(route[position]!) ? 0 : count)) },
    ])
    expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(expected))
  },
)

function isSilent(behaviour: ReturnType<typeof failoverMatrix>[number]['route'][number]): boolean {
  return behaviour !== 'well' && behaviour.place !== undefined
}
