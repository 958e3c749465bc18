import { chunkSequenceProblems } from './chunk-sequence.ts'
import { type ConversationTraits, generatedConversations, type GeneratedRequest } from './conversations.ts'
import type { GatewayLike } from './gateway.ts'
import type { Simulator } from './simulator.ts'
import { parseSse } from './sse-parser.ts'
import { parseJson } from './subject.ts'
import { wireProblems } from './wire-validator.ts'

/** Which conversations to have: those of `generatedConversations()`, every other one streamed. */
export interface Conversations {
  /** The model as a client names it. */
  readonly model: string
  readonly seed: number
  readonly count: number
  readonly traits?: ConversationTraits
  /** What becomes of a conversation before it is sent. Default: nothing. */
  readonly body?: (conversation: GeneratedRequest, index: number) => object
}

/** Something that went wrong. */
export interface ConversationProblem {
  /** Which conversation it is, and what its client was told; or what the vendor has refused. */
  readonly problem: string
  /** What the client has sent, or the vendor has got. */
  readonly body: unknown
}

const abreast = 8
/** More of them say no more. */
const enough = 3

/**
 * Has the conversations, several at a time, and stops when a few of them have failed. An answer whose status is not 200, that an
 * OpenAI client cannot read, or for which the vendor was not asked is a problem; so is every request that the vendor refuses.
 */
export async function converse(
  { simulator, gateway }: { readonly simulator: Simulator; readonly gateway: GatewayLike },
  { model, seed, count, traits, body = (conversation) => conversation }: Conversations,
): Promise<readonly ConversationProblem[]> {
  const asked = simulator.requests.length
  const refused = simulator.violations.length
  const problems: ConversationProblem[] = []
  const waiting = generatedConversations(seed, count, traits).entries()

  async function work(): Promise<void> {
    for (const [index, conversation] of waiting) {
      const stream = index % 2 === 1
      const sent = { ...body(conversation, index), model, stream }
      const answer = await gateway.respond('chat', sent)
      const text = await answer.text()
      const found = answer.status === 200 ? answerProblems(text, stream) : [`${answer.status} ${text}`]
      if (found.length > 0)
        problems.push({ problem: `conversation ${index}: ${found.join('\n')}`, body: sent })
      if (problems.length >= enough) return
    }
  }

  await Promise.all(Array.from({ length: abreast }, work))
  for (const { status, message, request } of simulator.violations.slice(refused, refused + enough))
    problems.push({ problem: `the vendor has refused: ${status} ${message}`, body: request.body })
  const requests = simulator.requests.length - asked
  if (problems.length === 0 && requests < count)
    problems.push({
      problem: `the vendor got ${requests} requests of ${count} conversations`,
      body: undefined,
    })
  return problems
}

function answerProblems(text: string, stream: boolean): string[] {
  if (!stream) return wireProblems('chat', parseJson(text))
  const events = parseSse(text).map(({ data }) => data)
  if (events.pop() !== '[DONE]') return [`the stream does not end with [DONE]: ${text}`]
  return chunkSequenceProblems(events.map(parseJson))
}
