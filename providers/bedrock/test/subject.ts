import { type Call, type ChatRequest, type Fault, ProviderFault } from '@llmproxy/provider-kit'
import { converseRequest } from '../src/request.ts'
import type { Block, Turn } from '../src/wire.ts'

/** The body of a Converse request as the tests look at it. */
export interface SentBody {
  readonly system?: readonly Block[]
  readonly messages: readonly Turn[]
  readonly inferenceConfig?: Readonly<Record<string, unknown>>
  readonly toolConfig?: { readonly tools: readonly Block[]; readonly toolChoice?: Block }
  readonly additionalModelRequestFields?: Readonly<Record<string, unknown>>
}

/** A call for a client body; `model` and `messages` have defaults. What is dropped is in `reported`. */
export function sampleCall(
  body: Readonly<Record<string, unknown>> = {},
): Call<ChatRequest> & { readonly reported: string[] } {
  const reported: string[] = []
  const whole = {
    model: 'anthropic.claude-sonnet-4-5-v1:0',
    messages: [{ role: 'user', content: 'Hi' }],
    ...body,
  }
  return {
    id: 'test',
    created: 1_700_000_000,
    model: whole.model,
    stream: body['stream'] === true,
    body: whole as unknown as ChatRequest,
    headers: {},
    dropped: (field) => void reported.push(field),
    reported,
  }
}

/** What is sent for a client body, and what is reported. */
export function sent(body: Readonly<Record<string, unknown>> = {}): { body: SentBody; dropped: string[] } {
  const call = sampleCall(body)
  return { body: converseRequest(call).body as SentBody, dropped: call.reported }
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
