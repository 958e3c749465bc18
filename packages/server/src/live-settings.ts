import type { GatewayConfig } from '@llmproxy/core'

/** The settings of the configuration that the HTTP side reads. */
export type HttpSettings = Pick<
  GatewayConfig,
  | 'api_keys'
  | 'api_key_header'
  | 'cors_origins'
  | 'rate_limit_rpm'
  | 'rate_limit_window'
  | 'rate_limits'
  | 'body_limit'
  | 'workers'
  | 'write_timeout'
  | 'max_client_connections'
  | 'keep_alive_timeout'
>

/**
 * The settings that requests are met with, until a reload replaces them. Hooks follow them, and keep what they make of them, so
 * that a request costs no more than with settings that never change.
 */
export class LiveSettings {
  readonly #followers: ((settings: HttpSettings) => void)[] = []
  #now: HttpSettings

  constructor(settings: HttpSettings) {
    this.#now = settings
  }

  /** Those of now. */
  get now(): HttpSettings {
    return this.#now
  }

  /** Calls back at once, and whenever the settings are replaced. */
  follow(apply: (settings: HttpSettings) => void): void {
    this.#followers.push(apply)
    apply(this.#now)
  }

  /** From the next request on these hold. */
  replace(settings: HttpSettings): void {
    this.#now = settings
    for (const apply of this.#followers) apply(settings)
  }
}
