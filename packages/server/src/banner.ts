import type { Gateway } from '@llmproxy/core'

export interface BannerOptions {
  readonly version: string
  readonly url: string
  readonly keys: number
}

/** What a person wants to know when the server has started: where it listens, what is on, and how to switch on the rest. */
export function banner(
  gateway: Pick<Gateway, 'on' | 'off'>,
  { version, url, keys }: BannerOptions,
): readonly string[] {
  const access =
    keys === 0
      ? 'no client key is asked for: this machine only'
      : `${keys} client ${keys === 1 ? 'key' : 'keys'}`
  return [`llmproxy ${version} listens on ${url} (${access})`, ...providerLines(gateway)]
}

/** One line for each provider: those that are on with their models, then those that are off with the reason. */
export function providerLines({ on, off }: Pick<Gateway, 'on' | 'off'>): readonly string[] {
  const widest = Math.max(0, ...[...on, ...off].map(({ name }) => name.length))
  const nothing = on.length === 0 ? ['no provider is on: every request will be refused'] : []
  return [
    ...nothing,
    ...on.map((each) => `  on   ${each.name.padEnd(widest)}  ${modelText(each.models)}${keyText(each)}`),
    ...off.map(({ name, reason }) => `  off  ${name.padEnd(widest)}  ${reason}`),
  ]
}

const shown = 8

/** Only of a provider for which several are listed. */
function keyText({ keys, unsetKeys }: Pick<Gateway['on'][number], 'keys' | 'unsetKeys'>): string {
  const parts = [
    ...(keys.length > 0 ? [`keys: ${keys.join(', ')}`] : []),
    ...(unsetKeys.length > 0 ? [`not set: ${unsetKeys.join(', ')}`] : []),
  ]
  return parts.length === 0 ? '' : ` (${parts.join('; ')})`
}

function modelText(models: readonly string[]): string {
  if (models.length === 0) return '(no models)'
  const rest = models.length > shown ? `, and ${models.length - shown} more` : ''
  return models.slice(0, shown).join(', ') + rest
}
