import type { Call } from '@llmproxy/provider-kit'
import { apiOf, type Options } from './options.ts'

/** Where operations are, below the endpoint of the resource. */
export interface Address {
  /** The deployment that a call is for. */
  readonly deployment: (call: Call) => string
  /** The path and query of an operation such as `/chat/completions`. */
  readonly path: (call: Call, operation: string) => string
  /** `?api-version=…`, or nothing. */
  readonly query: string
}

/** The addresses of `api: deployments` (the deployment stands in the path) or `api: v1` (it stands in the body only). */
export function addressOf(options: Options): Address {
  const { deployment_id, api_version } = options
  const query = api_version === undefined ? '' : `?api-version=${api_version}`
  const deployment = (call: Call) => deployment_id ?? call.model
  const scoped = apiOf(options) === 'deployments'
  return {
    deployment,
    query,
    path: (call, operation) =>
      scoped
        ? `/openai/deployments/${encodeURIComponent(deployment(call))}${operation}${query}`
        : `/openai/v1${operation}${query}`,
  }
}

/** The health check: free of charge, and refused when the key is wrong. */
export function healthPath(options: Options, { query }: Address): string {
  const { health_path } = options
  if (health_path !== undefined) return health_path.includes('?') ? health_path : health_path + query
  return (apiOf(options) === 'deployments' ? '/openai/models' : '/openai/v1/models') + query
}
