export * from './contract.ts'
export * from './wire.ts'
export { type AnyMessage, developerAsSystem, rewriteMessages, without } from './chat-messages.ts'
export { asksForNothing, type ChatParameter, chatParameters } from './chat-parameters.ts'
export { type FunctionTool, functionTools, parsedArguments, toolWish, type ToolWish } from './chat-tools.ts'
export { ChunkWriter, type ToolCallStart } from './chunk-writer.ts'
export {
  type BridgedCompletions,
  completionsOverChat,
  type CompletionsOverChatOptions,
} from './completions-over-chat.ts'
export { joinedCompletions, promptParts } from './completion-parts.ts'
export { contextLengthPatterns, isContextLength, otherLimitPatterns } from './context-length.ts'
export { type DataUrl, parseDataUrl } from './data-url.ts'
export { definePlugin } from './define-plugin.ts'
export { fromBase64, toBase64 } from './embedding.ts'
export { type ErrorDetail, errorDetail, errorMessage } from './error-detail.ts'
export { type Fault, type FaultKind, faultKinds, ProviderFault } from './fault.ts'
export { finishReason, type FinishVerdict } from './finish-reason.ts'
export { type FrameIdentity, FrameRules, type FrameRulesOptions, type FrameVerdict } from './frame-rules.ts'
export { isObject, type JsonObject } from './frame-rules-shape.ts'
export { healthVerdict } from './health-verdict.ts'
export { imagePatch } from './image-patch.ts'
export { joinUrl } from './join-url.ts'
export { jsonLines } from './json-lines.ts'
export { asksWithFunctions, functionRules, functionsAsTools, withFunctionCalls } from './legacy-functions.ts'
export { type AnswerMends, mendedAnswers, type MendedAnswers } from './mended-answers.ts'
export { type ModelTraits, rulesOfModel } from './model-traits.ts'
export { modelWindows, type WindowMembers } from './model-windows.ts'
export { limitDuration } from './limit-duration.ts'
export { mendedCompletion } from './mended-completion.ts'
export { modelIds, type OpenaiCompatible, openaiCompatible, type Patch } from './openai-compatible.ts'
export { openaiFault } from './openai-fault.ts'
export { openaiCompletionDecoder, openaiDecoder, readChoices, throwErrorBody } from './openai-stream.ts'
export { apiKey, baseUrl, bearer, keyHeader } from './options.ts'
export {
  clamped,
  everyParameter,
  noParameter,
  type Members,
  parameterMembers,
  parameterPatch,
  type ParameterRule,
  type ParameterRules,
  tokenLimit,
} from './parameter-rules.ts'
export { parseJson } from './parse-json.ts'
export { promptFinish, promptUsage } from './prompt-answer.ts'
export { redactKeys } from './redact.ts'
export { badResponse, kindOf, notOffered, refuse, stringAt } from './refusals.ts'
export { goDuration, headersInBody, retryHint } from './retry-hint.ts'
export { Secret } from './secret.ts'
export { tokenNumbers, type TokenNumbers } from './token-numbers.ts'
export { plainText, transcript, type TranscriptFormat } from './transcript.ts'
export { type VideoJobs, videoJobs } from './video-jobs.ts'
