/**
 * Models that think before they answer: they refuse `stop` and penalties, and have no legacy completions. Everything from
 * grok-4 on and grok-3-mini, but for those whose name says otherwise.
 */
export function isReasoningModel(model: string): boolean {
  if (/non-reasoning/.test(model)) return false
  return /^grok-3-mini|reasoning/.test(model) || versionOf(model).major >= 4
}

const efforts: ReadonlySet<unknown> = new Set(['low', 'medium', 'high'])

/** The vendor's word for a `reasoning_effort`; `undefined` when the model cannot be told. */
export function effortFor(effort: unknown, model: string): string | undefined {
  // These two think, or do not, by their name.
  if (/^grok-4\.20-(?:non-)?reasoning/.test(model) || !isReasoningModel(model)) return undefined
  if (efforts.has(effort)) return String(effort)
  if (effort === 'minimal') return 'low'
  if (effort === 'max') return 'high'
  if (effort === 'none') return isAtLeast(model, 3) ? 'none' : undefined
  if (effort === 'xhigh') return isAtLeast(model, 6) ? 'xhigh' : 'high'
  return undefined
}

/** At least version 4 with this minor one. */
function isAtLeast(model: string, minor: number): boolean {
  const version = versionOf(model)
  return version.major > 4 || (version.major === 4 && version.minor >= minor)
}

function versionOf(model: string): { readonly major: number; readonly minor: number } {
  const [, major = 0, minor = 0] = /^grok-(\d{1,2})(?:\.(\d{1,2}))?(?!\d)/.exec(model) ?? []
  return { major: Number(major), minor: Number(minor) }
}
