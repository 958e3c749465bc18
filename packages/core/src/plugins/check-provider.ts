import type { Provider } from '@llmproxy/provider-kit'
import { neverAskedProblem } from '../config/never-asked.ts'

/** What `create()` gave back, or an Error that says what is wrong with it: plugins may be plain JavaScript. */
export function checkProvider(value: unknown): Provider {
  if (typeof value !== 'object' || value === null) throw new Error('create() gave back no provider')
  const { baseUrl, operations, authorize, exchange } = value as Partial<Provider>
  if (typeof operations !== 'object' || operations === null) throw new Error('the provider has no operations')
  if (typeof authorize !== 'function') throw new Error('the provider has no authorize()')
  const url = typeof baseUrl === 'string' ? URL.parse(baseUrl) : null
  if (url === null) throw new Error(`baseUrl ${JSON.stringify(baseUrl)} of the provider is no absolute URL`)
  if (exchange === undefined && url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new Error(
      `baseUrl ${JSON.stringify(baseUrl)} of the provider is no http or https URL, and there is no exchange()`,
    )
  }
  return value as Provider
}

/** What is wrong with the addresses of a provider: every connection to such a one would be refused. */
export function addressProblem(provider: Provider): string | undefined {
  const { baseUrl, health, models } = provider
  const urls = [provider.exchange === undefined ? baseUrl : undefined, health?.baseUrl, models?.baseUrl]
  for (const url of urls) {
    const problem = url === undefined ? undefined : neverAskedProblem(url)
    if (problem !== undefined) return problem
  }
  return undefined
}
