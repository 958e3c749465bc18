import {
  type FrameIdentity,
  FrameRules,
  type FrameRulesOptions,
  type FrameVerdict,
  isObject,
  type JsonObject,
  type Usage,
} from '@llmproxy/provider-kit'
import type { TokenUsage } from '../metrics/outcome.ts'
import { Seam } from './continuation-seam.ts'
import { addedUsage } from './continuation-usage.ts'
import { normaliseUsage } from './usage.ts'

/** What the client has of a stream that another upstream goes on with. */
export interface Begun {
  readonly identity: FrameIdentity
  /** The end of its text, which the continuing model has not seen. */
  readonly tail: string
  /** Of all attempts so far. */
  readonly usage: TokenUsage | null
}

/** The rules of a stream that goes on with another: the same identity, no second role, no text twice, one usage for both. */
export class ContinuedRules extends FrameRules {
  readonly #begun: Begun
  readonly #seam: Seam
  readonly #includeUsage: boolean
  #usageSent = false

  constructor(options: FrameRulesOptions, begun: Begun) {
    // A usage frame of the upstream's own would be that of its part alone.
    super({ ...options, includeUsage: false, begun: begun.identity })
    this.#begun = begun
    this.#seam = new Seam(begun.tail)
    this.#includeUsage = options.includeUsage
  }

  /** Of the whole answer; `null` unless every attempt has told its own. */
  override get usage(): Usage | null {
    return addedUsage(this.#begun.usage, normaliseUsage(super.usage))
  }

  override inspect(frame: unknown): FrameVerdict {
    const opened = withoutRole(frame)
    const verdict = super.inspect(frame)
    if (verdict !== 'pass' && verdict !== 'changed') return verdict
    const choice = choiceOf(frame)
    if (choice === undefined) return verdict
    const joined = this.#join(choice['delta'] as JsonObject)
    if (!opened && !joined) return verdict
    return saysNothing(choice) ? 'drop' : 'changed'
  }

  override usageFrame(): unknown {
    const { usage } = this
    if (!this.#includeUsage || this.#usageSent || usage === null) return undefined
    this.#usageSent = true
    return { ...this.#begun.identity, object: 'chat.completion.chunk', choices: [], usage }
  }

  /** True when the client has some of the delta's text already: it is taken out. */
  #join(delta: JsonObject): boolean {
    const { content } = delta
    if (typeof content !== 'string') return false
    const rest = this.#seam.join(content)
    delta['content'] = rest
    return rest !== content
  }
}

function choiceOf(frame: unknown): JsonObject | undefined {
  const { choices } = frame as { choices?: readonly unknown[] }
  const choice = Array.isArray(choices) ? (choices[0] as unknown) : undefined
  return isObject(choice) ? choice : undefined
}

/** Takes out the role, which the client has had; true when there was one. */
function withoutRole(frame: unknown): boolean {
  const delta = isObject(frame) ? choiceOf(frame)?.['delta'] : undefined
  if (!isObject(delta) || delta['role'] === undefined) return false
  delete delta['role']
  return true
}

function saysNothing(choice: JsonObject): boolean {
  if (choice['finish_reason'] !== null) return false
  const delta = choice['delta'] as JsonObject
  return Object.values(delta).every((value) => value === null || value === '')
}
