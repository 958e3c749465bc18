import { type Call, type Provider, ProviderFault } from '@llmproxy/provider-kit'
import plugin from '../src/index.ts'
import { options } from '../src/options.ts'

/** A provider with these options. Throws what is wrong with them. */
export function sampleProvider(given: object = {}): Provider {
  return plugin.create(options.parse({ api_key: 'test-key', ...given }))
}

export interface SampleCall extends Call<never> {
  readonly reported: string[]
}

/** A call with this body; `reported` collects what is dropped. */
export function sampleCall(body: object, more: Partial<Call> = {}): SampleCall {
  const reported: string[] = []
  const dropped = (field: string): void => void reported.push(field)
  const shared = { id: 'abc', created: 7, model: 'grok-3', stream: false, headers: {}, dropped, reported }
  return { ...shared, ...more, body: body as never }
}

/** The fault that a function throws. Throws on when it is anything else. */
export function faultOf(run: () => unknown): ProviderFault['fault'] {
  try {
    run()
  } catch (error) {
    if (ProviderFault.is(error)) return error.fault
    throw error
  }
  throw new Error('nothing was thrown')
}
