import { z } from 'zod'
import type { Provider } from './contract.ts'
import { Secret } from './secret.ts'

/**
 * The schema of a key: a string or a `Secret` in, a `Secret` out. A missing one is an issue at the member's own path,
 * which is how the gateway knows which environment variable to name. The key is never part of an issue.
 */
export function apiKey(): z.ZodType<Secret, string | Secret> {
  const text = z
    .string({
      error: ({ input }) =>
        input === undefined ? 'a key is required' : 'a key must be a string: put quotes around it',
    })
    .trim()
    .min(1, 'the key is empty: write it, or leave it out and set the environment variable')
    .regex(
      /^[\x20-\x7e]*$/,
      'the key contains a line break, a control character or a character outside ASCII: copy it again',
    )
    .describe('The key. Better left out: the environment variable then provides it.')
  return z
    .preprocess((value: string | Secret) => (Secret.is(value) ? value.reveal() : value), text)
    .transform((value) => new Secret(value))
}

/**
 * The schema of an `http` or `https` base URL; trailing slashes are removed. Credentials, queries, fragments and
 * the path of an operation are refused: the first would end up in logs, the others would spoil the path that is appended. So are
 * backslashes and white space, which programs read in different ways: the host would be another than it looks.
 */
export function baseUrl(defaultUrl: string): z.ZodType<string, string | undefined>
export function baseUrl(): z.ZodType<string, string>
export function baseUrl(defaultUrl?: string): z.ZodType<string, string | undefined> {
  const schema = z
    .string({
      error: ({ input }) =>
        input === undefined ? 'a URL is required, such as https://host.example' : 'a URL must be a string',
    })
    .trim()
    .superRefine((value, context) => {
      const problem = urlProblem(value)
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
    })
    .transform((value) => value.replace(/\/+$/, ''))
    .describe('The URL that every path is appended to.')
  return defaultUrl === undefined ? schema : schema.prefault(defaultUrl)
}

/** What people copy along with the address. Upstreams answer 404 to the path that follows, as if the model were unknown. */
const routes = /\/chat\/completions(?=\/*$)/i

const oddCharacters = /[\\\s\p{Cc}]/u

function urlProblem(value: string): string | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (url === undefined || !/^https?:\/\//i.test(value))
    return 'must be a URL that starts with http:// or https://'
  if (oddCharacters.test(value)) return 'must not contain a backslash, white space or a control character'
  if (url.username !== '' || url.password !== '' || /^https?:\/\/[^/]*@/i.test(value))
    return 'must not contain a user name or password: use api_key'
  if (/[?#]/.test(value)) return 'must not contain a query or a fragment: leave out what begins with ? or #'
  const route = routes.exec(value)
  if (route !== null) return `must end before ${route[0]}: the gateway adds the path of each operation`
  return undefined
}

/** An `authorize` that sends `Authorization: Bearer`; without a secret it sends nothing. */
export function bearer(secret: Secret | undefined): Provider['authorize'] {
  return () => (secret === undefined ? {} : { authorization: `Bearer ${secret.reveal()}` })
}

/** An `authorize` that sends the key in a header of its own, such as `x-api-key`; without a secret it sends nothing. */
export function keyHeader(name: string, secret: Secret | undefined): Provider['authorize'] {
  const header = name.toLowerCase()
  return () => (secret === undefined ? {} : { [header]: secret.reveal() })
}
