import {
  type Call,
  everyParameter,
  functionRules,
  isObject,
  type Members,
  type ParameterRules,
} from '@llmproxy/provider-kit'

/**
 * Nearly everything is passed on: the vendor hands it to the model's own vendor, and ignores what that one does not know. Functions
 * become tools, for the form before tools is not in its API.
 */
export const parameters: ParameterRules = { ...everyParameter, ...functionRules, store: 'drop', debug }

/** The echo of what the vendor sent on to the next one: it is for development, and must not be had through a gateway. */
function debug(value: unknown, call: Call): Members {
  if (!isObject(value) || !Object.hasOwn(value, 'echo_upstream_body')) return { debug: value }
  const { echo_upstream_body: echo, ...rest } = value
  if (echo) call.dropped('debug.echo_upstream_body')
  return Object.keys(rest).length === 0 ? {} : { debug: rest }
}
