export { chatParameterSamples } from './chat-parameter-samples.ts'
export { type Check, type CheckDefinition, type CheckGroup, ConformanceError } from './check.ts'
export { chunkSequenceProblems, type CollectedChoice, collectChunks } from './chunk-sequence.ts'
export { checkDefinitions, conformance, type ConformanceOptions } from './conformance.ts'
export { differences } from './difference.ts'
export type {
  FaultFixture,
  FixtureCase,
  Fixtures,
  FollowFixture,
  FormFileFixture,
  HealthFixture,
  HealthVerdictFixture,
  InvalidOptionsFixture,
  JsonObject,
  ModelsFixture,
  OptionsFixture,
  TokenizerFixture,
  UpstreamAnswerFixture,
  UpstreamRequestFixture,
} from './fixture.ts'
export type { CreateGateway, GatewayAnswerLike, GatewayLike, RespondOptionsLike } from './gateway.ts'
export { type FormField, formFields } from './form-fields.ts'
export { hostKeys } from './host-keys.ts'
export { loadFixtures } from './load-fixtures.ts'
export {
  type RecordedRequest,
  type ReplayResponder,
  type ReplayScript,
  type ReplayUpstream,
  startReplayUpstream,
} from './replay-upstream.ts'
export { createSseParser, formatSse, parseSse, sseBlocks, type SseParser } from './sse-parser.ts'
export { callCreated, callId } from './subject.ts'
export { wireProblems, type WireShape } from './wire-validator.ts'
export { type ConversationTraits, generatedConversations, type GeneratedRequest } from './conversations.ts'
export type { ConversationProblem, Conversations } from './converse.ts'
export { type OpenaiVendor, openaiRoutes, videoRoutes } from './openai-vendor.ts'
export { lastTextOf, type Play, playOf } from './play.ts'
export { type RecordedCheck, recordedChecks, type RecordedOptions } from './recorded.ts'
export {
  type SimulatedAnswer,
  type SimulatedRequest,
  type SimulatedRoute,
  type SimulatedVendor,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
  type Violation,
} from './simulator.ts'
export type { ReadToolCall, ToolCallAnswers } from './tool-calls.ts'
export {
  type DirectAnswer,
  type DirectRequest,
  type FailedAnswer,
  openVendorStage,
  type StreamChunks,
  type VendorStage,
  type VendorStageOptions,
  type WholeAnswers,
} from './vendor-stage.ts'
