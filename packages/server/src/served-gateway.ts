import type { Gateway } from '@llmproxy/core'

/** What the HTTP routes need of a gateway. */
export type ServedGateway = Pick<
  Gateway,
  'handle' | 'models' | 'model' | 'health' | 'providers' | 'metrics' | 'prometheus' | 'ready' | 'rateLimited'
>
