import { errorBody, inBandError, type Wire } from './errors.ts'
import type { Behaviour } from './model-name.ts'
import { json, pause, type Script, type Step, whole } from './script.ts'
import { cutHalfWay } from './stream-frames.ts'

/** A whole JSON answer with the faults that the model name asks for. Stream faults become their nearest whole form. */
export function wholeScript(body: unknown, behaviour: Behaviour, wire: Wire): Script {
  if (behaviour['first-error'] || behaviour['error-after']) {
    return paced(json(200, errorBody(inBandError(behaviour), wire)), behaviour)
  }
  const id = 'req_mock_answer'
  const answer = json(200, body, wire === 'anthropic' ? { 'request-id': id } : { 'x-request-id': id })
  if (behaviour.malformed) {
    const text = JSON.stringify(body)
    return paced(whole(200, 'application/json', text.slice(0, Math.floor(text.length / 2))), behaviour)
  }
  if (behaviour['cut-body'] || behaviour['cut-after']) return paced(cutHalfWay(answer), behaviour)
  if (behaviour['hang-after']) return paced(cutHalfWay(answer, { kind: 'hang' }), behaviour)
  return paced(answer, behaviour)
}

function paced(steps: readonly Step[], behaviour: Behaviour): Script {
  const silence = pause(behaviour.silent?.[0] ?? 0)
  return silence.length === 0
    ? steps
    : steps.flatMap((step) => (step.kind === 'head' ? [step, ...silence] : [step]))
}
