export * from './contract.ts'
export * from './wire.ts'
export {
  type BridgedCompletions,
  completionsOverChat,
  type CompletionsOverChatOptions,
} from './completions-over-chat.ts'
export { contextLengthPatterns, isContextLength, otherLimitPatterns } from './context-length.ts'
export { type DataUrl, parseDataUrl } from './data-url.ts'
export { definePlugin } from './define-plugin.ts'
export { fromBase64, toBase64 } from './embedding.ts'
export { type ErrorDetail, errorDetail, errorMessage } from './error-detail.ts'
export { type Fault, type FaultKind, faultKinds, ProviderFault } from './fault.ts'
export { finishReason, type FinishVerdict } from './finish-reason.ts'
export { joinUrl } from './join-url.ts'
export { modelIds, type OpenaiCompatible, openaiCompatible, type Patch } from './openai-compatible.ts'
export { openaiFault } from './openai-fault.ts'
export { openaiCompletionDecoder, openaiDecoder, readChoices, throwErrorBody } from './openai-stream.ts'
export { apiKey, baseUrl, bearer, keyHeader } from './options.ts'
export { redactKeys } from './redact.ts'
export { goDuration, retryHint } from './retry-hint.ts'
export { Secret } from './secret.ts'
