import { asksForNothing, type ChatParameter, chatParameters } from './chat-parameters.ts'
import type { Call } from './contract.ts'
import { ProviderFault } from './fault.ts'
import type { Patch } from './openai-compatible.ts'
import type { ChatRequest } from './wire.ts'

/** Members to send. */
export type Members = Record<string, unknown>

/**
 * What becomes of one member of a chat request. There is no fourth outcome: it is forwarded, mapped, or reported (or refused).
 * - `forward`: the vendor has it under the same name with the same meaning
 * - `drop`: the vendor has no equivalent; reported, unless the value asks for nothing
 * - `refuse`: the answer would be another one without it: 400, unless the value asks for nothing
 * - `{ to }`: the same value under another name
 * - a function: the members to send instead, `{}` when nothing has to be said; `undefined`: dropped, and reported
 */
export type ParameterRule =
  | 'forward'
  | 'drop'
  | 'refuse'
  | { readonly to: string }
  | ((value: unknown, call: Call<ChatRequest>) => Members | undefined)

/** A rule for each known parameter: a new one is a compile error, not a gap. `'*'` is for every other member. */
export type ParameterRules = Readonly<Record<ChatParameter, ParameterRule>> & {
  readonly '*': 'forward' | 'drop'
  readonly [extension: string]: ParameterRule
}

/**
 * Forwards everything: what a vendor that speaks the format whole starts from. But `parallel_tool_calls` without `tools` is dropped,
 * and reported: there it is an error.
 */
export const everyParameter: ParameterRules = {
  ...(Object.fromEntries(Object.keys(chatParameters).map((name) => [name, 'forward'])) as Record<
    ChatParameter,
    'forward'
  >),
  parallel_tool_calls: (value, { body }) =>
    Array.isArray(body.tools) && body.tools.length > 0 ? { parallel_tool_calls: value } : undefined,
  '*': 'forward',
}

/** Drops and reports everything: what a wire format that knows little starts from. */
export const noParameter: ParameterRules = {
  ...(Object.fromEntries(Object.keys(chatParameters).map((name) => [name, 'drop'])) as Record<
    ChatParameter,
    'drop'
  >),
  '*': 'drop',
}

/** Members that are no parameters: each provider sends them in its own way, and none of them is ever reported. */
const notParameters: ReadonlySet<string> = new Set(['model', 'messages', 'stream', 'stream_options'])

/**
 * The parameters of a call in the vendor's words, for a body that is built. Members that are `null` are left out. Reports with
 * `call.dropped()`; throws a `ProviderFault` of kind `invalid_request` for what is refused.
 */
export function parameterMembers(call: Call<ChatRequest>, rules: ParameterRules): Members {
  const members: Members = {}
  for (const [name, value] of Object.entries(call.body)) {
    if (notParameters.has(name) || value === undefined || value === null) continue
    Object.assign(members, mapped(name, value, rules, call))
  }
  return members
}

/** The same as a patch of the client's own bytes, for a vendor that speaks the format; `undefined` when nothing changes. */
export function parameterPatch(call: Call<ChatRequest>, rules: ParameterRules): Patch | undefined {
  const patch: Members = {}
  const removed: string[] = []
  for (const [name, value] of Object.entries(call.body)) {
    if (notParameters.has(name) || value === undefined) continue
    if (ruleOf(name, rules) === 'forward') continue
    removed.push(name)
    if (value !== null) Object.assign(patch, mapped(name, value, rules, call))
  }
  for (const name of removed) if (!Object.hasOwn(patch, name)) patch[name] = undefined
  for (const [name, value] of Object.entries(patch)) if (call.body[name] === value) delete patch[name]
  return Object.keys(patch).length === 0 ? undefined : patch
}

function ruleOf(name: string, rules: ParameterRules): ParameterRule {
  return (Object.hasOwn(rules, name) ? rules[name] : undefined) ?? rules['*']
}

function mapped(name: string, value: unknown, rules: ParameterRules, call: Call<ChatRequest>): Members {
  const rule = ruleOf(name, rules)
  if (rule === 'forward') return { [name]: value }
  if (typeof rule === 'object') return { [rule.to]: value }
  if (typeof rule === 'function') {
    const members = rule(value, call)
    if (members !== undefined) return members
  }
  if (asksForNothing(name, value)) return {}
  if (rule === 'refuse') throw refusedParameter(name)
  call.dropped(name)
  return {}
}

function refusedParameter(name: string): ProviderFault {
  return new ProviderFault({
    kind: 'invalid_request',
    message: `${name} is not supported by this provider: leave it out, or ask for another model`,
    param: name,
    code: 'unsupported_parameter',
  })
}

/**
 * The rules for both names of the token limit, for a vendor that has one: `max_completion_tokens` wins, and the other one is
 * reported when it said something else. `minimum`: smaller limits are raised to it, and reported.
 */
export function tokenLimit(
  to: string,
  minimum = 0,
): Pick<Record<ChatParameter, ParameterRule>, 'max_tokens' | 'max_completion_tokens'> {
  const limit = (name: string, value: unknown, call: Call<ChatRequest>): Members => {
    if (typeof value === 'number' && value < minimum) {
      call.dropped(name)
      return { [to]: minimum }
    }
    return { [to]: value }
  }
  return {
    max_completion_tokens: (value, call) => limit('max_completion_tokens', value, call),
    max_tokens: (value, call) => {
      const current = call.body.max_completion_tokens
      if (current === undefined || current === null) return limit('max_tokens', value, call)
      return current === value ? {} : undefined
    },
  }
}

/** A rule for a number that the vendor takes within a range only: clamped, and reported. Anything but a number passes as it is. */
export function clamped(name: string, minimum: number, maximum: number, to = name): ParameterRule {
  return (value, call) => {
    if (typeof value !== 'number') return { [to]: value }
    const inside = Math.min(maximum, Math.max(minimum, value))
    if (inside !== value) call.dropped(name)
    return { [to]: inside }
  }
}
