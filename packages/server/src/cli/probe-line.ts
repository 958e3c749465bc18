import type { ProbeReport } from '@llmproxy/core'

/** One line for people about one probe. */
export function probeLine({ provider, kind, verdict, skipped, durationMs }: ProbeReport): string {
  if (verdict === undefined) return `  ${provider}: not asked (${skipped ?? 'nothing to ask'})`
  const { status, reason, message } = verdict
  const why = [reason, message].filter((part) => part !== undefined).join(': ')
  return `  ${provider}: ${status}${why === '' ? '' : ` (${why})`}, ${kind} request, ${Math.round(durationMs)} ms`
}
