import type { ScenarioFrames } from './scenario-frames.ts'
import type { Step } from './script.ts'

/** A stream as some OpenAI-compatible server really sends it, and what a client should make of it. */
export interface Scenario {
  readonly name: string
  /** One sentence for the documentation. */
  readonly does: string
  /**
   * What a correct reader ends with: `complete` the values below, `error` a failure that is seen as one,
   * `either` one of the two. Never a shortened answer that looks complete.
   */
  readonly ending: 'complete' | 'error' | 'either'
  /** The whole text of a complete reading (what arrives before the failure, for `error`). */
  readonly text: string
  readonly reasoning?: string
  /** The tool calls of a complete reading, `arguments` as the JSON text. */
  readonly toolCalls?: readonly { readonly name: string; readonly arguments: string }[]
  readonly finish: 'stop' | 'tool_calls'
  /** The body, byte for byte. */
  steps(frames: ScenarioFrames): readonly Step[]
}
