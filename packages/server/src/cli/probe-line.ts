import type { ProbeReport } from '@llmproxy/core'

const controls = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu

/** One line for people about one probe. An upstream’s words must not steer the terminal, or look like further lines. */
export function probeLine({ provider, kind, verdict, skipped, durationMs }: ProbeReport): string {
  if (verdict === undefined) return `  ${provider}: not asked (${skipped ?? 'nothing to ask'})`
  const { status, reason, message } = verdict
  const why = [reason, message]
    .filter((part) => part !== undefined)
    .join(': ')
    .replaceAll(controls, ' ')
  return `  ${provider}: ${status}${why === '' ? '' : ` (${why})`}, ${kind} request, ${Math.round(durationMs)} ms`
}
