import { errorEvent, inBandError, type Wire } from './errors.ts'
import type { Behaviour } from './model-name.ts'
import { pause, type Script, type Step, text } from './script.ts'

/** One SSE event before the faults of the model name are applied. */
export interface Frame {
  /** `content` frames are what `chunks` counts, `gap` spaces and `…-after-n` counts. */
  readonly part: 'opening' | 'content' | 'finish' | 'usage' | 'done'
  readonly text: string
}

const streamHeaders = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' }

/** The head of every stream. */
export function streamHead(wire: Wire): Step {
  const id = 'req_mock_stream'
  const idHeader = wire === 'anthropic' ? { 'request-id': id } : { 'x-request-id': id }
  return { kind: 'head', status: 200, headers: { ...streamHeaders, ...idHeader } }
}

/** Turns frames into a script: gaps, and the stream faults that the model name asks for. */
export function streamScript(frames: readonly Frame[], behaviour: Behaviour, wire: Wire): Script {
  const steps: Step[] = [streamHead(wire), ...pause(behaviour.silent?.[0] ?? 0)]
  if (behaviour['first-error']) return [...steps, errorEvent(inBandError(behaviour), wire)]
  const fault = faultAfter(behaviour, wire)
  let content = 0
  for (const frame of frames) {
    if (frame.part !== 'opening' && fault && content >= fault.after) return [...steps, ...fault.steps]
    if (frame.part === 'finish' && behaviour['no-finish']) continue
    if (frame.part === 'done' && behaviour['no-done']) continue
    if (frame.part === 'content') {
      if (content > 0) steps.push(...pause(behaviour.gap?.[0] ?? 0))
      content += 1
    }
    steps.push(text(frame.text))
    if (behaviour.malformed && frame.part === 'content' && content === 1)
      steps.push(text('data: {"id":"chatcmpl-\n\n'))
  }
  return behaviour['cut-body'] ? cutHalfWay(steps) : steps
}

function faultAfter(behaviour: Behaviour, wire: Wire): { after: number; steps: Step[] } | undefined {
  const [cut] = behaviour['cut-after'] ?? []
  if (cut !== undefined) return { after: cut, steps: [{ kind: 'cut' }] }
  const [hang] = behaviour['hang-after'] ?? []
  if (hang !== undefined) return { after: hang, steps: [{ kind: 'hang' }] }
  const [error] = behaviour['error-after'] ?? []
  if (error !== undefined) return { after: error, steps: [errorEvent(inBandError(behaviour), wire)] }
  return undefined
}

/** Keeps the head and half of the bytes, then cuts. */
export function cutHalfWay(steps: readonly Step[], ending: Step = { kind: 'cut' }): Step[] {
  const total = steps.reduce((sum, step) => sum + (step.kind === 'bytes' ? step.bytes.byteLength : 0), 0)
  const kept: Step[] = []
  let left = Math.floor(total / 2)
  for (const step of steps) {
    if (step.kind !== 'bytes') kept.push(step)
    else if (step.bytes.byteLength < left) {
      kept.push(step)
      left -= step.bytes.byteLength
    } else return [...kept, { kind: 'bytes', bytes: step.bytes.subarray(0, left) }, ending]
  }
  return [...kept, ending]
}
