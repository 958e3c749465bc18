import { hash } from 'node:crypto'
import type { Provider, ProviderPlugin } from '@llmproxy/provider-kit'
import type { Complaint } from '../config/issues.ts'
import { addressProblem, checkProvider } from './check-provider.ts'
import type { FoundKey, FoundKeys } from './found-keys.ts'
import { type OptionsInput, validateOptions } from './options.ts'

/** One of several keys of a provider. */
export interface ConfiguredKey {
  /** The environment variable, which stands for the key wherever it is shown. */
  readonly name: string
  /** Of its value: after a reload it tells the same key. */
  readonly digest: string
  /** What authorizes with it. */
  readonly provider: Provider
}

/** A provider with each of its keys, or why there is none. */
export type Created =
  | { readonly complaints: readonly Complaint[] }
  | {
      readonly complaints?: undefined
      readonly provider: Provider
      /** Empty unless there are several. */
      readonly keys: readonly ConfiguredKey[]
    }

/** Makes the provider: once for each key, for which `input.options` have no key. Paths of complaints are relative to the entry. */
export async function createProvider(input: OptionsInput, found: FoundKeys): Promise<Created> {
  const [first, ...others] = found.keys
  if (first === undefined) return instance(input)
  const made = await instance(withKey(input, first))
  if (made.complaints !== undefined)
    return { complaints: made.complaints.map((each) => ofKey(each, found, first)) }
  const { provider } = made
  const keys = [configuredKey(first, provider)]
  const complaints: Complaint[] = []
  for (const key of others) {
    const other = await instance(withKey(input, key))
    if (other.complaints !== undefined)
      complaints.push(...other.complaints.map((each) => ofKey(each, found, key)))
    else if (other.provider.baseUrl !== provider.baseUrl) complaints.push(elsewhere(key))
    else keys.push(configuredKey(key, other.provider))
  }
  if (complaints.length > 0) return { complaints }
  return { provider, keys: keys.length > 1 ? keys : [] }
}

/** The options of a plugin with one of the keys. */
export function withKey<Input extends Pick<OptionsInput, 'options'>>(
  input: Input,
  { value }: FoundKey,
): Input {
  return { ...input, options: { ...input.options, api_key: value } }
}

async function instance(input: OptionsInput & { readonly plugin: ProviderPlugin }): Promise<Created> {
  const checked = await validateOptions(input)
  if (checked.complaints !== undefined) return { complaints: checked.complaints }
  try {
    const provider = checkProvider(input.plugin.create(checked.value))
    const problem = addressProblem(provider)
    if (problem === undefined) return { provider, keys: [] }
    const path = input.options['base_url'] === undefined ? [] : ['base_url']
    return { complaints: [{ path, message: problem }] }
  } catch (error) {
    return { complaints: [{ path: [], message: `cannot be created: ${checked.scrub(messageOf(error))}` }] }
  }
}

function configuredKey({ variable, value }: FoundKey, provider: Provider): ConfiguredKey {
  return { name: variable, digest: hash('sha256', value), provider }
}

/** A complaint about the key, at the place of its variable where there are several. */
function ofKey(complaint: Complaint, found: FoundKeys, { variable, position }: FoundKey): Complaint {
  if (!isAboutKey(complaint)) return complaint
  // `api_key` is unknown to the plugin: the entry need not have it, only variables for it.
  if (found.named && complaint.part === 'key') {
    return { path: ['api_key_env'], message: 'this provider takes no key: remove it', part: 'key' }
  }
  if (found.variables.length === 1) return complaint
  return { path: ['api_key_env', position], message: `the key in ${variable} ${complaint.message}` }
}

function elsewhere({ variable, position }: FoundKey): Complaint {
  const message = `the key in ${variable} leads to another address than the first one: it needs an entry of its own`
  return { path: ['api_key_env', position], message }
}

/** True for what is wrong with `api_key` itself. */
export function isAboutKey({ path }: Complaint): boolean {
  return path.length === 1 && path[0] === 'api_key'
}

/** One line, without a stack. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error || isObjectWithMessage(error) ? error.message : String(error)
  return text.split('\n', 1)[0] ?? ''
}

function isObjectWithMessage(value: unknown): value is { readonly message: string } {
  return (
    typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string'
  )
}
