import { type Step, text } from './script.ts'

/** Writes the frames of one scenario: always the same id, time and model. */
export interface ScenarioFrames {
  /** A frame `data: …` with any JSON. */
  frame(value: unknown): Step
  /** A chunk with these members after `id`, `object`, `created`, `model`. */
  chunk(members: object): Step
  /** A chunk with one choice. */
  delta(delta: object, finish?: string | null): Step
  /** The first chunk: the role. */
  role(): Step
  /** A content chunk. */
  say(content: string): Step
  /** A chunk with tool-call deltas. */
  call(...calls: object[]): Step
  /** The last choice chunk. */
  finish(reason: string): Step
  /** The usage chunk; nothing unless the client asked for it. */
  usage(): readonly Step[]
  done(): Step
}

/** The token counts that every scenario reports. */
export const scenarioUsage = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 }

/** The members that every chunk of a scenario begins with. */
export function chunkHead(model: string): object {
  return { id: 'chatcmpl-mock-scenario', object: 'chat.completion.chunk', created: 1_700_000_000, model }
}

/** The frames of a stream for `model`. */
export function scenarioFrames(model: string, includeUsage: boolean): ScenarioFrames {
  const frame = (value: unknown): Step => text(`data: ${JSON.stringify(value)}\n\n`)
  const chunk = (members: object): Step => frame({ ...chunkHead(model), ...members })
  const delta = (content: object, finish: string | null = null): Step =>
    chunk({ choices: [{ index: 0, delta: content, finish_reason: finish }] })
  return {
    frame,
    chunk,
    delta,
    role: () => delta({ role: 'assistant', content: '' }),
    say: (content) => delta({ content }),
    call: (...calls) => delta({ tool_calls: calls }),
    finish: (reason) => delta({}, reason),
    usage: () => (includeUsage ? [chunk({ choices: [], usage: scenarioUsage })] : []),
    done: () => text('data: [DONE]\n\n'),
  }
}

/** Applies an edit to the bytes of every step, to write the same stream in another SSE style. */
export function rewrite(steps: readonly Step[], edit: (frame: string) => string): Step[] {
  return steps.map((step) =>
    step.kind === 'bytes' ? text(edit(Buffer.from(step.bytes).toString('utf8'))) : step,
  )
}

/** Every byte as a write of its own, so that characters arrive in pieces. */
export function byteByByte(steps: readonly Step[]): Step[] {
  return steps.flatMap((step) => {
    if (step.kind !== 'bytes') return [step]
    return Array.from(step.bytes, (_, at): Step[] => [
      { kind: 'bytes', bytes: step.bytes.subarray(at, at + 1) },
      // Without a turn of the event loop in between, the socket would join the writes again.
      { kind: 'wait', milliseconds: 0 },
    ]).flat()
  })
}
