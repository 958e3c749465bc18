import type { CondensationConfig } from './condensation-schema.ts'
import { serves } from './fallback-model.ts'
import type { Complaint } from './issues.ts'
import { modelId } from './model-id.ts'
import { nearest } from './nearest.ts'
import type { GatewayConfig, ProviderConfig } from './schema.ts'

type Checked = Pick<GatewayConfig, 'providers' | 'redis_url' | 'request_timeout'> & {
  readonly condensation?: CondensationConfig | undefined
}

/** A `condensation.provider` that is none. */
export function summaryProblems({ condensation, providers }: Checked): Complaint[] {
  const name = condensation?.provider
  const names = providers.map((provider) => provider.name)
  if (name === undefined || names.includes(name)) return []
  const near = nearest(name, names)
  const advice = near === undefined ? '' : `; did you mean "${near}"?`
  return [{ path: ['condensation', 'provider'], message: `"${name}" is the name of no provider${advice}` }]
}

/** Settings with which nobody can make a summary, or which change nothing. */
export function summaryWarnings({
  condensation,
  providers,
  redis_url: redis,
  request_timeout: limit,
}: Checked): Complaint[] {
  if (condensation?.enabled !== true) return []
  const { provider: name, model, cache_shared: isShared } = condensation
  const warnings: Complaint[] = []
  const asked = providers.filter((provider) => name === undefined || provider.name === name)
  const on = asked.filter(({ enabled }) => enabled !== false)
  if (asked.length > 0 && on.length === 0 && name !== undefined) {
    const message = `the provider "${name}" is switched off, so nobody makes summaries: contexts are truncated`
    warnings.push({ path: ['condensation', 'provider'], message })
  } else if (model !== undefined && !on.some((provider) => lists(provider, model))) {
    const near = nearest(
      model,
      on.flatMap(({ models }) => models.map(modelId)).filter((id) => !id.endsWith('*')),
    )
    const advice = near === undefined ? '' : `; did you mean "${near}"?`
    const whose = name === undefined ? 'no provider lists' : `the provider "${name}" does not list`
    const message = `${whose} "${model}", so nobody makes summaries: contexts are truncated${advice}`
    warnings.push({ path: ['condensation', 'model'], message })
  }
  if (limit > 0 && condensation.timeout >= limit) {
    const message = `a summary that takes so long ends with its request: \`request_timeout\` is ${limit}`
    warnings.push({ path: ['condensation', 'timeout'], message })
  }
  if (isShared && redis === null) {
    const message = 'changes nothing without `redis_url`'
    warnings.push({ path: ['condensation', 'cache_shared'], message })
  }
  const { background, cache_ttl: ttl } = condensation
  if (background && ttl === 0) {
    const message = 'changes nothing with `cache_ttl: 0`: what is prepared would not be kept'
    warnings.push({ path: ['condensation', 'background'], message })
  }
  return warnings
}

/** What is wrong once it is known which providers are on: those that could make summaries have no key. */
export function summaryOffWarnings(
  { condensation, providers }: Checked,
  off: readonly { readonly name: string; readonly reason: string }[],
): Complaint[] {
  if (condensation?.enabled !== true) return []
  const { provider: name, model } = condensation
  if (name === undefined && model === undefined) return []
  const able = providers.filter(
    (provider) =>
      (name === undefined || provider.name === name) && (model === undefined || lists(provider, model)),
  )
  const reasons = able.map((provider) => off.find((each) => each.name === provider.name))
  const [first] = reasons
  // Of those that the file switches off, and of names that are none, the file alone has told.
  if (first === undefined || reasons.includes(undefined)) return []
  if (able.every(({ enabled }) => enabled === false)) return []
  const message = `the provider "${first.name}" is off (${first.reason}), so nobody makes summaries: contexts are truncated`
  return [{ path: ['condensation', name === undefined ? 'model' : 'provider'], message }]
}

/** By its name, with or without that of the provider in front. */
function lists(provider: ProviderConfig, model: string): boolean {
  return serves(provider, model) || serves(provider, `${provider.name}/${model}`)
}
