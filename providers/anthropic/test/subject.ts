import type { Call, ChatChunk, ChatCompletion, ChatRequest, Fault, HeaderMap } from '@llmproxy/provider-kit'
import { ProviderFault } from '@llmproxy/provider-kit'
import { type Options, options } from '../src/options.ts'
import { messagesRequest } from '../src/request.ts'
import { completionOf } from '../src/response.ts'
import { messageDecoder } from '../src/stream.ts'
import type { Block, ToolChoiceParam, ToolDefinition, Turn } from '../src/wire.ts'

/** An upstream body as the tests look at it. */
export interface SentBody {
  readonly model: string
  readonly max_tokens: number
  readonly system?: Block[]
  readonly messages: Turn[]
  readonly tools?: ToolDefinition[]
  readonly tool_choice?: ToolChoiceParam
  readonly [extra: string]: unknown
}

/** A client body; `model` and `messages` have defaults. */
export type SampleBody = Record<string, unknown>

/** A call as the gateway makes it, and what was reported as dropped. */
export interface SampleCall extends Call<ChatRequest> {
  readonly reported: string[]
}

/** A call for a client body. */
export function sampleCall(body: SampleBody = {}): SampleCall {
  const reported: string[] = []
  const whole = { model: 'claude-sonnet-4-5', messages: [{ role: 'user', content: 'Hi' }], ...body }
  return {
    id: 'test',
    created: 1_700_000_000,
    model: whole.model,
    stream: body['stream'] === true,
    body: whole as ChatRequest,
    headers: {},
    dropped: (field) => void reported.push(field),
    reported,
  }
}

/** Options with defaults. */
export function sampleOptions(given: Record<string, unknown> = {}): Options {
  return options.parse({ api_key: 'test-key', ...given })
}

/** What is sent for a client body, and what is reported. */
export function sent(
  body: SampleBody = {},
  given: Record<string, unknown> = {},
  headers: HeaderMap = {},
): { body: SentBody; headers: HeaderMap; dropped: string[] } {
  const call = { ...sampleCall(body), headers }
  const request = messagesRequest(call, sampleOptions(given))
  return { body: request.body as SentBody, headers: request.headers ?? {}, dropped: call.reported }
}

/** The fault that something throws; fails when it throws nothing or anything else. */
export function faultOf(run: () => unknown): Fault {
  try {
    run()
  } catch (error) {
    if (ProviderFault.is(error)) return error.fault
    throw error
  }
  throw new Error('nothing was thrown')
}

/** The client's answer to an upstream body. */
export function answered(body: unknown, request: SampleBody = {}): ChatCompletion {
  return completionOf(body, sampleCall(request))
}

/** The chunks of a complete stream of upstream events. */
export function streamed(events: readonly object[], request: SampleBody = {}): ChatChunk[] {
  const decoder = messageDecoder(sampleCall({ stream: true, ...request }))
  const chunks = events.flatMap((event) => decoder.event({ data: JSON.stringify(event) }))
  return [...chunks, ...(decoder.end?.() ?? [])]
}

/** The upstream events of one message with the given events inside. */
export function messageEvents(inside: readonly object[], stopReason: string | null = 'end_turn'): object[] {
  const usage = { input_tokens: 3, output_tokens: 1 }
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-sonnet-4-5',
    content: [],
    usage,
  }
  return [
    { type: 'message_start', message },
    ...inside,
    { type: 'message_delta', delta: { stop_reason: stopReason }, usage: { output_tokens: 9 } },
    { type: 'message_stop' },
  ]
}
