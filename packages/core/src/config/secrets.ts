import { Secret } from '@llmproxy/provider-kit'
import type { ConfigPath } from './problem.ts'

/** Keys that documentation and samples use. They are public, so they protect nothing. */
export const sampleKeys: readonly string[] = [
  'your-api-key-here',
  'your-api-key',
  'your_api_key',
  'your-key',
  'your-key-here',
  'your-secret-key',
  'sk-1234',
  'sk-12345',
  'sk-test',
  'sk-xxx',
  'changeme',
  'change-me',
  'change_me',
  'replace-me',
  'secret',
  'password',
  'test',
  'test-key',
  'example',
  'api-key',
  'apikey',
  '1234',
  '12345',
  '123456',
]

const sampleKeySet = new Set(sampleKeys)

/** True for keys from documentation, whatever their case, and for placeholders such as `<key>` and `xxxx`. */
export function isSampleKey(key: string): boolean {
  const text = key.trim().toLowerCase()
  return sampleKeySet.has(text) || /^<.*>$/.test(text) || /^(?:sk-)?[x*.]+$/.test(text)
}

const secretName =
  /(?:^|_)(?:keys?|tokens?|secrets?|password|passwd|passphrase|authorization|credentials?|cookie|redis_url)$/

/** True for a key of the configuration, or a header name, whose value must never be shown. */
export function isSecretName(name: string): boolean {
  return secretName.test(name.toLowerCase().replaceAll('-', '_'))
}

/** True when the value at this path must never be shown, judged by the names on the way to it. */
export function isSecretPath(path: ConfigPath): boolean {
  return path.some((step) => typeof step === 'string' && (step === 'custom_headers' || isSecretName(step)))
}

/** Replaces the text below secret names by `Secret`s. Arrays and mappings are copied. */
export function wrapSecrets(value: unknown, secret = false): unknown {
  if (typeof value === 'string') return secret && value !== '' ? new Secret(value) : value
  if (Array.isArray(value)) return value.map((item) => wrapSecrets(item, secret))
  if (!isMapping(value)) return value
  return mapValues(value, (item, name) => wrapSecrets(item, secret || isSecretName(name)))
}

/** The opposite of {@link wrapSecrets}. */
export function revealSecrets(value: unknown): unknown {
  if (Secret.is(value)) return value.reveal()
  if (Array.isArray(value)) return value.map(revealSecrets)
  return isMapping(value) ? mapValues(value, revealSecrets) : value
}

/** Every text that {@link wrapSecrets} would wrap, or has wrapped. */
export function collectSecrets(value: unknown, secret = false): string[] {
  if (Secret.is(value)) return secretParts(value.reveal())
  if (typeof value === 'string') return secret && value !== '' ? secretParts(value) : []
  if (Array.isArray(value)) return value.flatMap((item) => collectSecrets(item, secret))
  if (!isMapping(value)) return []
  return Object.entries(value).flatMap(([name, item]) => collectSecrets(item, secret || isSecretName(name)))
}

/** `Bearer abc` hides `abc` as well: a vendor may echo the credential without its scheme. */
function secretParts(value: string): string[] {
  const credential = /^\S+ (\S+)$/.exec(value)?.[1]
  return credential === undefined ? [value] : [value, credential]
}

/** True for what YAML calls a mapping: an object that is no list and no instance of a class. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

function mapValues(value: Record<string, unknown>, change: (item: unknown, name: string) => unknown) {
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, change(item, name)]))
}
