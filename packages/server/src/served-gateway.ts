import type { Gateway } from '@llmproxy/core'

/** What the HTTP routes need of a gateway. */
export type ServedGateway = Pick<
  Gateway,
  'handle' | 'models' | 'model' | 'health' | 'providers' | 'metrics' | 'prometheus' | 'ready' | 'rateLimited'
>

type StatusName = 'health' | 'providers' | 'metrics' | 'prometheus'

/** What `/health`, `/providers` and `/metrics` tell: of one gateway, or of all processes of a server. */
export type StatusGateway = {
  readonly [Name in StatusName]: (
    ...given: Parameters<Gateway[Name]>
  ) => ReturnType<Gateway[Name]> | Promise<ReturnType<Gateway[Name]>>
}
