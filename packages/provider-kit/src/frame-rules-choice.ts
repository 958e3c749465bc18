import { finishReason } from './finish-reason.ts'
import { type FrameNotes, isObject, type JsonObject, mend } from './frame-rules-shape.ts'
import { ToolCallRules } from './frame-rules-tools.ts'

/** What becomes of one choice: a string is the word of an upstream that broke off. */
export type ChoiceVerdict = 'keep' | 'drop' | { readonly failure: string }

/** Other names of the reasoning text in a delta; the canonical one is `reasoning_content`. */
const reasoningNames = ['reasoning', 'reasoning_text', 'thinking'] as const

/** The state of one choice of a stream: its role, its calls, its end. */
export class ChoiceRules {
  readonly #newId: () => string
  #tools: ToolCallRules | undefined
  #hasRole: boolean
  finished = false

  /** `hasRole`: the client has been told it already. */
  constructor(newId: () => string, hasRole: boolean) {
    this.#newId = newId
    this.#hasRole = hasRole
  }

  /** One chat choice whose `index` is already right. */
  chat(choice: JsonObject, notes: FrameNotes): ChoiceVerdict {
    let { delta } = choice
    if (!isObject(delta)) {
      delta = substitute(choice)
      if (delta === undefined) return 'drop'
      choice['delta'] = delta
      mend(notes)
    }
    const inner = delta as JsonObject
    if (inner['role'] !== undefined || !this.#hasRole) this.#role(inner, notes)
    if (inner['tool_calls'] !== undefined) this.#calls(inner, notes)
    addReasoning(inner, notes)
    if (!notes.content) notes.content = !isEmpty(inner)
    return this.#finish(choice, inner, notes)
  }

  /** One choice of a text completion. */
  text(choice: JsonObject, notes: FrameNotes): ChoiceVerdict {
    if (typeof choice['text'] !== 'string') {
      const { delta } = choice
      const content = isObject(delta) ? delta['content'] : undefined
      choice['text'] = typeof content === 'string' ? content : ''
      mend(notes)
    }
    if (choice['text'] !== '') notes.content = true
    return this.#finish(choice, undefined, notes)
  }

  /** The upstream said that it is done without a finish: what its last chunk should have been. */
  closing(chat: boolean): JsonObject {
    this.finished = true
    if (!chat) return { text: '', logprobs: null, finish_reason: 'stop' }
    const delta: JsonObject = {}
    this.#tools?.close(delta, { changed: false, repaired: false, content: false })
    return { delta, finish_reason: this.#tools?.any === true ? 'tool_calls' : 'stop' }
  }

  #calls(delta: JsonObject, notes: FrameNotes): void {
    // The dialect has a list here or nothing.
    if (delta['tool_calls'] === null) {
      delete delta['tool_calls']
      mend(notes)
      return
    }
    this.#tools ??= new ToolCallRules(this.#newId)
    this.#tools.inspect(delta, notes)
  }

  /**
   * Once per choice, in its first delta, and always the assistant's: clients that add deltas up would double it, and some
   * refuse a message without one.
   */
  #role(delta: JsonObject, notes: FrameNotes): void {
    if (this.#hasRole) {
      delete delta['role']
      mend(notes)
    } else if (delta['role'] !== 'assistant') {
      delta['role'] = 'assistant'
      mend(notes)
    }
    this.#hasRole = true
  }

  #finish(choice: JsonObject, delta: JsonObject | undefined, notes: FrameNotes): ChoiceVerdict {
    const raw = choice['finish_reason']
    if (raw === null && !this.finished) return 'keep'
    const verdict = finishReason(raw)
    if (verdict.kind === 'failure') return { failure: verdict.raw }
    if (this.finished) {
      if (raw !== null) set(choice, null, notes)
      // Nothing may follow the finish but what would be lost otherwise.
      return (delta === undefined ? choice['text'] === '' : isEmpty(delta)) ? 'drop' : 'keep'
    }
    if (verdict.kind === 'open') return set(choice, null, notes)
    this.finished = true
    if (delta !== undefined) this.#tools?.close(delta, notes)
    const reason = verdict.reason === 'stop' && this.#tools?.any === true ? 'tool_calls' : verdict.reason
    return raw === reason ? 'keep' : set(choice, reason, notes)
  }
}

function set(choice: JsonObject, reason: string | null, notes: FrameNotes): 'keep' {
  choice['finish_reason'] = reason
  mend(notes)
  return 'keep'
}

/**
 * A delta for a choice without one: from a whole `message` or a `text` that stands in its place, else empty.
 * `undefined` when the choice only carries the results of a content filter.
 */
function substitute(choice: JsonObject): JsonObject | undefined {
  const { message, text } = choice
  if (isObject(message)) {
    delete choice['message']
    return message
  }
  if (typeof text === 'string') {
    delete choice['text']
    return { content: text }
  }
  if (finishReason(choice['finish_reason']).kind !== 'open') return {}
  return Object.keys(choice).some((key) => key.startsWith('content_filter')) ? undefined : {}
}

/** The vendor's own member stays for clients that read it. */
function addReasoning(delta: JsonObject, notes: FrameNotes): void {
  if (typeof delta['reasoning_content'] === 'string') return
  for (const name of reasoningNames) {
    const text = delta[name]
    if (typeof text !== 'string' || text === '') continue
    delta['reasoning_content'] = text
    notes.changed = true
    return
  }
}

/** No member of the delta says anything. */
function isEmpty(delta: JsonObject): boolean {
  for (const key in delta) {
    if (key === 'role') continue
    const value = delta[key]
    if (
      value !== undefined &&
      value !== null &&
      value !== '' &&
      !(Array.isArray(value) && value.length === 0)
    ) {
      return false
    }
  }
  return true
}
