import { type Call, type ChatRequest, type Fault, ProviderFault } from '@llmproxy/provider-kit'
import { options } from '../src/options.ts'
import { chatRequest } from '../src/request.ts'

/** What is sent for a client body, and what is reported. `model` and `messages` have defaults. */
export function sent(
  body: Record<string, unknown> = {},
  given: Record<string, unknown> = {},
): { readonly body: Record<string, unknown>; readonly patch: unknown; readonly dropped: string[] } {
  const dropped: string[] = []
  const whole = { model: 'deepseek-chat', messages: [{ role: 'user', content: 'Hi' }], ...body }
  const call: Call<ChatRequest> = {
    id: 'test',
    created: 1_700_000_000,
    model: whole.model,
    stream: body['stream'] === true,
    body: whole as unknown as ChatRequest,
    headers: {},
    dropped: (field) => void dropped.push(field),
  }
  const { patch } = chatRequest(call, options.parse({ api_key: 'test-key', ...given }))
  return {
    body: JSON.parse(JSON.stringify({ ...whole, ...patch })) as Record<string, unknown>,
    patch,
    dropped,
  }
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
