import type { FaultKind } from '@llmproxy/provider-kit'

/** What the words of `metadata.error_type` mean. The list is open. */
const kinds: Readonly<Record<string, FaultKind>> = {
  context_length_exceeded: 'context_length',
  token_limit_exceeded: 'context_length',
  // The cap of the answer: a smaller limit helps, a shorter prompt does not.
  max_tokens_exceeded: 'invalid_request',
  string_too_long: 'invalid_request',
  authentication: 'authentication',
  permission_denied: 'authentication',
  payment_required: 'quota_exhausted',
  rate_limit_exceeded: 'rate_limit',
  provider_overloaded: 'overloaded',
  provider_unavailable: 'overloaded',
  invalid_request: 'invalid_request',
  invalid_prompt: 'invalid_request',
  not_found: 'model_not_found',
  precondition_failed: 'invalid_request',
  payload_too_large: 'invalid_request',
  unprocessable: 'invalid_request',
  content_policy_violation: 'content_filter',
  refusal: 'content_filter',
  invalid_image: 'invalid_request',
  image_too_large: 'invalid_request',
  server: 'upstream',
  timeout: 'timeout',
}

/** The kind of fault that an error type stands for; `undefined` for `unmapped` and for words that nobody knows. */
export function kindOfType(type: unknown): FaultKind | undefined {
  if (typeof type !== 'string') return undefined
  if (Object.hasOwn(kinds, type)) return kinds[type]
  return /(?:^|_)image(?:_|$)/.test(type) ? 'invalid_request' : undefined
}
