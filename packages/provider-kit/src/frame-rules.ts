import type { Usage } from './wire.ts'
import { ChoiceRules } from './frame-rules-choice.ts'
import { type FrameNotes, isObject, type JsonObject, mend } from './frame-rules-shape.ts'

export interface FrameRulesOptions {
  readonly operation: 'chat' | 'completions'
  /** The client asked for usage. */
  readonly includeUsage: boolean
  /** Used where the upstream's first frame has no id; also the root of generated call ids. */
  readonly id: string
  /** Unix seconds, used where the upstream's first frame has none. */
  readonly created: number
  /** Used where the upstream's first frame has no model. */
  readonly model: string
  /** Stands in every frame instead of the upstream's model. */
  readonly forwardModel?: string
  /** How many choices the client asked for. Default: 1. */
  readonly choices?: number
  /** The stream began with another upstream: this identity stands in every frame, and the role has been sent. */
  readonly begun?: FrameIdentity
}

/** What all frames of one stream have in common. */
export interface FrameIdentity {
  readonly id: string
  /** Unix seconds. */
  readonly created: number
  readonly model: string
}

/**
 * `pass`: forward the upstream's bytes. `changed`: the object was modified, serialise it. `drop`: send nothing.
 * `fault`: an error frame, as the upstream sent it or, for frames that are none, in the same shape.
 */
export type FrameVerdict = 'pass' | 'changed' | 'drop' | { readonly fault: unknown }

/** Members of a frame with `choices: []` that no client has a use for. */
const idle: ReadonlySet<string> = new Set([
  'id',
  'object',
  'created',
  'model',
  'choices',
  'error',
  'service_tier',
  'system_fingerprint',
  'obfuscation',
  'usage',
  'prompt_filter_results',
  'provider',
])

/**
 * What a stream frame of the chat or completions dialect looks like when it leaves us. One instance per stream, fed
 * with every parsed `data` object in order. Content is never removed; what breaks clients is mended or left out.
 */
export class FrameRules {
  readonly #options: FrameRulesOptions
  readonly #object: string
  readonly #choices = new Map<number, ChoiceRules>()
  readonly #notes: FrameNotes = { changed: false, repaired: false, content: false }
  readonly #newId: () => string
  #identity: FrameIdentity | undefined
  #usageSent = false
  #generated = 0
  #onlyNullUsage = false
  #usage: Usage | null = null
  #repaired = 0

  constructor(options: FrameRulesOptions) {
    this.#options = options
    this.#object = options.operation === 'chat' ? 'chat.completion.chunk' : 'text_completion'
    this.#newId = () => `call_${options.id}_${this.#generated++}`
    this.#identity = options.begun
  }

  /** The last usage seen: it is cumulative for every vendor that repeats it, so never added up. */
  get usage(): Usage | null {
    return this.#usage
  }

  /** Every choice that was asked for has come, and each has its finish_reason. */
  get finished(): boolean {
    for (const choice of this.#choices.values()) if (!choice.finished) return false
    return this.#choices.size >= Math.max(1, this.#options.choices ?? 1)
  }

  /** Every choice that has come has its finish_reason; fewer than were asked for may have come. */
  get ended(): boolean {
    for (const choice of this.#choices.values()) if (!choice.finished) return false
    return this.#choices.size > 0
  }

  /** Text, reasoning, a refusal or a call has come by. */
  get sawContent(): boolean {
    return this.#notes.content
  }

  /** How many frames were mended, or dropped because no client understands them. */
  get repaired(): number {
    return this.#repaired
  }

  /** The last frame was `changed` only by the removal of its `"usage":null`: see `FrameTemplate.learnCut()`. */
  get onlyNullUsageRemoved(): boolean {
    return this.#onlyNullUsage
  }

  /** The verdict for one frame, which may have been modified. */
  inspect(frame: unknown): FrameVerdict {
    if (!isObject(frame))
      return failure('bad_response', 'the upstream sent a stream frame that is not an object')
    if (isError(frame['error'])) return { fault: frame }
    const notes = this.#notes
    notes.changed = false
    notes.repaired = false
    this.#onlyNullUsage = false
    const verdict = this.#verdict(frame, notes)
    if (notes.repaired) this.#repaired++
    return verdict
  }

  /** The one usage frame, when the client asked, there is a usage, and it has not been sent. Sent with this call. */
  usageFrame(): unknown {
    if (!this.#options.includeUsage || this.#usageSent || this.#usage === null) return undefined
    this.#usageSent = true
    return { ...this.#head(), choices: [], usage: this.#usage }
  }

  /**
   * What must still go out when the upstream has ended by its own mark: a finish for every choice that has none, then
   * the usage held back. Empty for a stream without any choice: that is no answer, and not ours to invent.
   */
  closing(): unknown[] {
    const frames: unknown[] = []
    const chat = this.#options.operation === 'chat'
    for (const [index, choice] of this.#choices) {
      if (choice.finished) continue
      frames.push({ ...this.#head(), choices: [{ index, ...choice.closing(chat) }] })
      this.#repaired++
    }
    const usage = this.usageFrame()
    if (usage !== undefined) frames.push(usage)
    return frames
  }

  #verdict(frame: JsonObject, notes: FrameNotes): FrameVerdict {
    const { choices } = frame
    if (!Array.isArray(choices) || choices.length === 0) return this.#withoutChoice(frame, notes)
    const failed = this.#inspectChoices(frame, choices, notes)
    if (failed !== undefined) return failure(failed, `the upstream broke off its answer: ${failed}`)
    if (frame['choices'] === undefined) {
      this.#keepUsage(frame)
      mend(notes)
      return 'drop'
    }
    return this.#settle(frame, notes)
  }

  #inspectChoices(frame: JsonObject, choices: readonly unknown[], notes: FrameNotes): string | undefined {
    const chat = this.#options.operation === 'chat'
    let dropped: Set<unknown> | undefined
    for (let position = 0; position < choices.length; position++) {
      const choice = choices[position]
      if (!isObject(choice)) {
        dropped = (dropped ?? new Set()).add(choice)
        continue
      }
      const rules = this.#choice(choice, position, notes)
      const verdict = chat ? rules.chat(choice, notes) : rules.text(choice, notes)
      if (verdict === 'drop') dropped = (dropped ?? new Set()).add(choice)
      else if (verdict !== 'keep') return verdict.failure
    }
    if (dropped === undefined) return undefined
    const kept = choices.filter((choice) => !dropped.has(choice))
    frame['choices'] = kept.length === 0 ? undefined : kept
    mend(notes)
    return undefined
  }

  #choice(choice: JsonObject, position: number, notes: FrameNotes): ChoiceRules {
    let index = choice['index']
    if (typeof index !== 'number' || !Number.isInteger(index) || index < 0) {
      index = position
      choice['index'] = position
      mend(notes)
    }
    const known = this.#choices.get(index as number)
    if (known !== undefined) return known
    const rules = new ChoiceRules(this.#newId, this.#options.begun !== undefined)
    this.#choices.set(index as number, rules)
    return rules
  }

  /** `choices` is empty or not there: a usage frame, or news that only the vendor understands. */
  #withoutChoice(frame: JsonObject, notes: FrameNotes): FrameVerdict {
    const foreign = !Array.isArray(frame['choices'])
    if (isObject(frame['usage'])) {
      this.#keepUsage(frame)
      // Before the finish it may be one of many: the last one is sent at the end.
      if (!this.#options.includeUsage || this.#usageSent || !this.finished) return 'drop'
      this.#usageSent = true
      if (foreign) {
        frame['choices'] = []
        mend(notes)
      }
      return this.#identify(frame, notes)
    }
    if (foreign || !Object.keys(frame).some((key) => !idle.has(key))) {
      mend(notes)
      return 'drop'
    }
    return this.#settle(frame, notes)
  }

  /** The last steps for a frame that stays: usage out of it, identity into it. */
  #settle(frame: JsonObject, notes: FrameNotes): FrameVerdict {
    const { usage } = frame
    let nullUsage = false
    if (usage !== undefined && (usage !== null || !this.#options.includeUsage)) {
      this.#keepUsage(frame)
      delete frame['usage']
      nullUsage = usage === null && !notes.changed
      notes.changed = true
    }
    const before = notes.repaired
    const verdict = this.#identify(frame, notes)
    const { forwardModel, begun } = this.#options
    this.#onlyNullUsage =
      nullUsage && !before && !notes.repaired && forwardModel === undefined && begun === undefined
    return verdict
  }

  #keepUsage(frame: JsonObject): void {
    if (isObject(frame['usage'])) this.#usage = frame['usage'] as unknown as Usage
  }

  #identify(frame: JsonObject, notes: FrameNotes): FrameVerdict {
    const { id, created, model } = (this.#identity ??= this.#identityOf(frame))
    const { repaired } = notes
    if (frame['id'] !== id) put(frame, 'id', id, notes)
    if (frame['object'] !== this.#object) put(frame, 'object', this.#object, notes)
    if (frame['created'] !== created) put(frame, 'created', created, notes)
    if (frame['model'] !== model) {
      frame['model'] = model
      notes.changed = true
      if (this.#options.forwardModel === undefined) notes.repaired = true
    }
    // That two upstreams do not have the same identity is no defect of the second.
    if (this.#options.begun !== undefined) notes.repaired = repaired
    return notes.changed ? 'changed' : 'pass'
  }

  #identityOf(frame: JsonObject): FrameIdentity {
    const options = this.#options
    const { id, created, model } = frame
    return {
      id: typeof id === 'string' && id !== '' ? id : options.id,
      created: typeof created === 'number' && created >= 1 ? Math.floor(created) : options.created,
      model: options.forwardModel ?? (typeof model === 'string' && model !== '' ? model : options.model),
    }
  }

  #head(): JsonObject {
    const { id, created, model } = (this.#identity ??= this.#identityOf({}))
    return { id, object: this.#object, created, model }
  }
}

function put(frame: JsonObject, key: string, value: unknown, notes: FrameNotes): void {
  frame[key] = value
  mend(notes)
}

/** `null`, `false`, `0` and `""` are how some servers say "no error". */
function isError(error: unknown): boolean {
  return error !== undefined && error !== null && error !== false && error !== 0 && error !== ''
}

function failure(code: string, message: string): { readonly fault: unknown } {
  return { fault: { error: { message, type: 'upstream_error', param: null, code } } }
}
