import type { Call, FailedResponse, Operation } from './contract.ts'
import { type Fault, ProviderFault } from './fault.ts'
import { FrameRules } from './frame-rules.ts'
import { isObject, type JsonObject } from './frame-rules-shape.ts'
import { mendedCompletion, mendedUsage } from './mended-completion.ts'
import { openaiFault } from './openai-fault.ts'
import type { ChatChunk, ChatCompletion, ChatRequest } from './wire.ts'
import { parseJson } from './parse-json.ts'

/** What differs in the answers of a vendor that speaks the OpenAI format. Every function edits fresh objects in place. */
export interface AnswerMends {
  /** A whole answer or a chunk, first of all: members to move, rename or delete. */
  readonly frame?: (frame: JsonObject, call: Call<ChatRequest>) => void
  /** A message of a whole answer or the delta of a chunk; `choice` is what it stands in. */
  readonly message?: (message: JsonObject, choice: JsonObject, call: Call<ChatRequest>) => void
  /** Token counts, to be made OpenAI's: `prompt_tokens` with cached ones, `completion_tokens` with reasoning. */
  readonly usage?: (usage: JsonObject) => void
  /** Errors inside a 2xx. Default: `openaiFault()`. */
  readonly fault?: (response: FailedResponse) => Fault | undefined
}

/** `response` and `stream` of a chat operation whose answers need mending. */
export type MendedAnswers = Required<
  Pick<Operation<ChatRequest, ChatCompletion, ChatChunk>, 'response' | 'stream'>
>

/**
 * Reads answers that are OpenAI's but for some differences, and makes them OpenAI's: members that are missing are added, tool
 * calls are numbered and get ids, reasoning becomes `reasoning_content`, usage is one last chunk, an error anywhere is a
 * `ProviderFault`. What nobody knows stays as it is.
 */
export function mendedAnswers(mends: AnswerMends = {}): MendedAnswers {
  return {
    response: (body, call) => {
      // A copy: the body is not ours. What is parsed here is, and copying a chunk costs more than all the rest.
      const answer = mended(structuredClone(object(body)), call, mends)
      return mendedCompletion(answer, call)
    },
    stream: (call) => {
      const rules = new FrameRules({
        operation: 'chat',
        includeUsage: true,
        id: `chatcmpl-${call.id}`,
        created: call.created,
        model: call.model,
        choices: typeof call.body.n === 'number' ? call.body.n : 1,
      })
      let done = false
      const close = (): readonly ChatChunk[] => {
        done = true
        return rules.closing() as ChatChunk[]
      }
      return {
        event({ event, data }) {
          // Whatever follows `[DONE]` is not part of the answer.
          if (done) return []
          const word = data.trim()
          if (word === '[DONE]') return close()
          // Some servers send their comments as data.
          if (word === '' || word.startsWith(':')) return []
          const frame = object(parseJson(data))
          if (event === 'error') throw failed(frame, mends)
          mended(frame, call, mends)
          if (isObject(frame['usage'])) frame['usage'] = mendedUsage(frame['usage'])
          const verdict = rules.inspect(frame)
          if (typeof verdict === 'object') throw failed(verdict.fault, mends)
          return verdict === 'drop' ? [] : [frame as unknown as ChatChunk]
        },
        end() {
          if (done) return []
          if (!rules.finished) throw bad('the upstream closed the stream before it was complete')
          return close()
        },
      }
    },
  }
}

/** Applies the vendor's own differences. Throws for an error that stands in the place of an answer. */
function mended(frame: JsonObject, call: Call<ChatRequest>, mends: AnswerMends): JsonObject {
  if (isError(frame['error']) || frame['object'] === 'error') throw failed(frame, mends)
  mends.frame?.(frame, call)
  const { choices, usage } = frame
  if (Array.isArray(choices)) {
    for (const choice of choices.filter(isObject)) {
      if (isError(choice['error'])) throw failed({ error: choice['error'] }, mends)
      for (const name of ['message', 'delta']) {
        const message = choice[name]
        if (isObject(message)) mends.message?.(message, choice, call)
      }
    }
  }
  if (isObject(usage)) mends.usage?.(usage)
  return frame
}

/** An error inside a 2xx, classified. */
function failed(body: unknown, { fault }: AnswerMends): ProviderFault {
  const response = { status: 200, headers: {}, body, text: JSON.stringify(body), inBand: true }
  return new ProviderFault(fault?.(response) ?? openaiFault(response))
}

/** `null`, `false`, `0` and `""` are how some servers say "no error". */
function isError(error: unknown): boolean {
  return Boolean(error)
}

function object(value: unknown): JsonObject {
  if (!isObject(value)) throw bad('the upstream sent something that is not a JSON object')
  return value
}

function bad(message: string): ProviderFault {
  return new ProviderFault({ kind: 'bad_response', message })
}
