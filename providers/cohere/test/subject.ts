import {
  type Call,
  type ChatChunk,
  type ChatCompletion,
  type ChatRequest,
  ProviderFault,
  type SseEvent,
} from '@llmproxy/provider-kit'
import plugin from '../src/index.ts'
import { options } from '../src/options.ts'

/** A call for a client's body, and what was reported as dropped. */
export function sampleCall(given: object = {}): Call<ChatRequest> & { readonly reported: string[] } {
  const reported: string[] = []
  const body: Record<string, unknown> = { messages: [{ role: 'user', content: 'Hi' }], ...given }
  return {
    id: 'abc',
    created: 7,
    model: 'm',
    stream: body['stream'] === true,
    headers: {},
    body: body as ChatRequest,
    dropped: (field) => void reported.push(field),
    reported,
  }
}

/** The provider with options beside the key. */
export function provider(given: object = {}) {
  return plugin.create(options.parse({ api_key: 'test-key', ...given }))
}

/** What is sent for a client's body, and what is reported. */
export function sent(given: object, configured: object = {}) {
  const call = sampleCall(given)
  const { body } = provider(configured).operations.chat!.request(call)
  return { body: body as Record<string, unknown>, dropped: call.reported }
}

/** The answer to an upstream body. */
export function answered(body: unknown, given: object = {}): ChatCompletion {
  return provider().operations.chat!.response!(body, sampleCall(given))
}

/** The chunks of a whole stream. */
export function streamed(events: readonly object[], given: object = {}): ChatChunk[] {
  const decoder = provider().operations.chat!.stream!(sampleCall({ stream: true, ...given }))
  const chunks = events.flatMap((event): readonly ChatChunk[] => decoder.event(asEvent(event)))
  return [...chunks, ...(decoder.end?.() ?? [])]
}

function asEvent(event: object): SseEvent {
  return { data: JSON.stringify(event) }
}

/** The fault that something throws; fails when it throws nothing or anything else. */
export function faultOf(run: () => unknown) {
  try {
    run()
  } catch (error) {
    if (ProviderFault.is(error)) return error.fault
    throw error
  }
  throw new Error('nothing was thrown')
}
