import type { Call } from '@llmproxy/provider-kit'

/** Where losses of translation are reported: a call. */
export type Reporter = Pick<Call, 'dropped'>
