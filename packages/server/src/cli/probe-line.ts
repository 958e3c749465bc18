import type { ProbeReport } from '@llmproxy/core'

const controls = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu

/** One line for people about one probe. An upstream’s words must not steer the terminal, or look like further lines. */
export function probeLine(report: ProbeReport): string {
  const { kind, verdict, skipped, durationMs } = report
  const subject = probedName(report)
  if (verdict === undefined) return `  ${subject}: not asked (${skipped ?? 'nothing to ask'})`
  const { status, reason, message } = verdict
  const why = [reason, message]
    .filter((part) => part !== undefined)
    .join(': ')
    .replaceAll(controls, ' ')
  return `  ${subject}: ${status}${why === '' ? '' : ` (${why})`}, ${kind} request, ${Math.round(durationMs)} ms`
}

/** The provider, with the variable of the key that was tried where it has several. */
export function probedName({ provider, key }: Pick<ProbeReport, 'provider' | 'key'>): string {
  return key === undefined ? provider : `${provider} (${key})`
}
