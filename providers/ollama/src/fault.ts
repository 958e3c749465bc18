import { type FailedResponse, type Fault, openaiFault } from '@llmproxy/provider-kit'

/** The default classification, and for a model that is not there what the operator must do, unless the server says it. */
export function ollamaFault(response: FailedResponse): Fault | undefined {
  const fault = openaiFault(response)
  if (fault.kind !== 'model_not_found' || /\bpull/i.test(fault.message)) return fault
  const model = /model ["']?([^"'\s]+)["']? not found/i.exec(fault.message)?.[1]
  if (model === undefined) return fault
  return {
    ...fault,
    code: fault.code ?? 'model_not_found',
    message: `${fault.message} (ollama pull ${model})`,
  }
}
