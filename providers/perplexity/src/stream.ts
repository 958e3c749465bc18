import {
  type Call,
  type ChatChunk,
  type ChatRequest,
  finishReason,
  isObject,
  type JsonObject,
  mendedAnswers,
  type StreamDecoder,
} from '@llmproxy/provider-kit'
import { perplexityFault } from './fault.ts'
import { annotationsOf, sourcesOf } from './sources.ts'
import { ThinkSplitter } from './thinking.ts'
import { mendUsage } from './usage.ts'

/** What every chunk repeats, growing: the last one is right. */
const repeated = ['citations', 'search_results', 'images', 'related_questions'] as const

/** Decodes one stream. `split`: a leading `<think>` block is reasoning. */
export function chunkDecoder(call: Call<ChatRequest>, split: boolean): StreamDecoder<ChatChunk> {
  const answer = new StreamedAnswer(split)
  const decoder = mendedAnswers({
    frame: (frame) => answer.mend(frame),
    usage: mendUsage,
    fault: perplexityFault,
  }).stream(call)
  const finish = { data: '{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}' }
  return {
    event(event) {
      // Ended by its own mark and without a finish: what was held back, and the sources, are still to come.
      const early = event.data.trim() === '[DONE]' && answer.open ? decoder.event(finish) : []
      return [...early, ...decoder.event(event)]
    },
    end: () => decoder.end?.() ?? [],
  }
}

/** What has come of one stream so far. */
class StreamedAnswer {
  readonly #splitter: ThinkSplitter | undefined
  readonly #extras: JsonObject = {}
  #text = ''
  #begun = false
  #finished = false

  constructor(split: boolean) {
    this.#splitter = split ? new ThinkSplitter() : undefined
  }

  /** Something has come, and not its end. */
  get open(): boolean {
    return this.#begun && !this.#finished
  }

  /** Edits a chunk. One that says nothing loses its choices, and with them its reason to be sent. */
  mend(frame: JsonObject): void {
    for (const name of repeated) {
      if (frame[name] === undefined) continue
      this.#extras[name] = frame[name]
      delete frame[name]
    }
    const { choices } = frame
    if (!Array.isArray(choices)) return
    const told = choices.filter(isObject).filter((choice) => this.#choice(choice))
    if (told.length === 0 && choices.length > 0) delete frame['choices']
    else frame['choices'] = told
    if (told.some(isFinish))
      Object.assign(frame, this.#extras, { perplexity_sources: sourcesOf(this.#extras) })
  }

  /** Edits a choice; `false` when nothing is left of it. */
  #choice(choice: JsonObject): boolean {
    // The whole answer so far, beside the delta.
    delete choice['message']
    const delta = isObject(choice['delta']) ? choice['delta'] : {}
    choice['delta'] = delta
    const finish = isFinish(choice)
    const first = !this.#begun
    this.#begun = true
    this.#split(delta, finish)
    if (typeof delta['content'] === 'string') this.#text += delta['content']
    if (finish && !this.#finished) {
      this.#finished = true
      const annotations = annotationsOf(this.#text, this.#extras)
      if (annotations.length > 0) delta['annotations'] = annotations
    }
    return first || finish || finishReason(choice['finish_reason']).kind !== 'open' || saysSomething(delta)
  }

  #split(delta: JsonObject, finish: boolean): void {
    if (this.#splitter === undefined) return
    const told = this.#splitter.push(typeof delta['content'] === 'string' ? delta['content'] : '')
    const rest = finish ? this.#splitter.end() : { reasoning: '', content: '' }
    const reasoning = told.reasoning + rest.reasoning
    if (reasoning !== '') delta['reasoning_content'] = reasoning
    delta['content'] = told.content + rest.content
    if (delta['content'] === '') delete delta['content']
  }
}

function isFinish(choice: JsonObject): boolean {
  return finishReason(choice['finish_reason']).kind === 'finish'
}

function saysSomething({ role: _role, ...delta }: JsonObject): boolean {
  return Object.values(delta).some(
    (value) =>
      value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0),
  )
}
