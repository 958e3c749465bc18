import { ProviderFault } from '@llmproxy/provider-kit'
import type { CheckDefinition } from '../check.ts'
import { attempt, callOf, openCases, type OpenCase, type Subject, thrownText } from '../subject.ts'
import { sentBody } from './request.ts'

export const continuationChecks: readonly CheckDefinition[] = [
  {
    group: 'request',
    name: 'with supports.continuation, a last message of the assistant is sent as the last, or refused for a model that cannot go on with it',
    why: 'Else the vendor answers anew, and a client whose stream had broken off gets the beginning twice.',
    find: continuationProblems,
  },
]

const asked = 'conformance question'
const begun = 'conformance beginning'

async function continuationProblems(subject: Subject): Promise<string[]> {
  const seen = new Set<string>()
  const kinds = await openCases(subject, ({ fixture, provider }) => {
    const key = JSON.stringify([fixture.options, fixture.model])
    const first = fixture.operation === 'chat' && provider.supports?.continuation === true && !seen.has(key)
    if (first) seen.add(key)
    return first
  })
  const found = kinds.map((kind) => [kind.fixture.name, problemOf(kind)] as const)
  if (found.length > 0 && found.every(([, problem]) => problem === 'refused'))
    return ['supports.continuation is true, but no model among the fixtures is asked to go on with a message']
  return found.flatMap(([name, problem]) =>
    problem === undefined || problem === 'refused' ? [] : [`${name}, with its options and model: ${problem}`],
  )
}

/** What is wrong with the request of one model; `refused` when the provider says that this model cannot. */
function problemOf({ fixture, operation }: OpenCase): string | undefined {
  const messages = [
    { role: 'user', content: asked },
    { role: 'assistant', content: begun },
  ]
  const request = { model: fixture.model, messages, stream: true }
  const chat = { ...fixture, request, stream: true }
  const result = attempt(() => operation.request(callOf(chat)))
  if (!('value' in result)) {
    return ProviderFault.is(result.thrown) ? 'refused' : `request() threw ${thrownText(result.thrown)}`
  }
  const sent = JSON.stringify(sentBody(chat, result.value))
  const at = sent.lastIndexOf(begun)
  if (at === -1) return 'the assistant’s message is not sent'
  const behind = sent.slice(at)
  return behind.includes(asked) || /"role":"(?!assistant"|model")/.test(behind)
    ? 'the assistant’s message is not the last one'
    : undefined
}
