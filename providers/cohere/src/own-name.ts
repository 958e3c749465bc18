import type { Call, ChatRequest, Members, ParameterRule } from '@llmproxy/provider-kit'

/** A rule that holds unless the request has the vendor's own name of the same thing: that wins, and the other one is reported. */
export function unless(own: string, rule: ParameterRule): ParameterRule {
  return (value, call) => {
    const given = call.body[own]
    return given === undefined || given === null ? applied(rule, value, call) : undefined
  }
}

/** The members that a rule gives; `undefined` where it drops. */
export function applied(rule: ParameterRule, value: unknown, call: Call<ChatRequest>): Members | undefined {
  if (typeof rule === 'function') return rule(value, call)
  return typeof rule === 'object' ? { [rule.to]: value } : undefined
}
