import { kindOf, refuse } from '@llmproxy/provider-kit'
import type { Reporter } from './reporter.ts'

/** The client's `stop` as the vendor takes it, `undefined` when nothing is left: it refuses sequences of white space. */
export function stopSequences(stop: unknown, report: Reporter): readonly string[] | undefined {
  if (stop === undefined || stop === null) return undefined
  const given: readonly unknown[] = Array.isArray(stop) ? stop : [stop]
  const kept: string[] = []
  given.forEach((text, index) => {
    if (typeof text !== 'string')
      throw refuse('stop', `must be a string or an array of strings, found ${kindOf(text)}`)
    if (text.trim() !== '') kept.push(text)
    else if (text !== '') report.dropped(Array.isArray(stop) ? `stop[${index}]` : 'stop')
  })
  return kept.length === 0 ? undefined : kept
}
