/**
 * A pause of one deployment, as gateways tell each other: an opened breaker, or a cooldown after a rate limit; of a provider with several
 * keys the rest of one of them there (`cooldown` with a `key`), or that one is not accepted by the provider at all (`key`).
 */
export interface SharedPause {
  readonly provider: string
  /** The name of the deployment's live state: its upstream model, or the entry that it was found by. */
  readonly model: string
  /** The id of the configured entry. */
  readonly entry: string
  readonly cause: 'breaker' | 'cooldown' | 'key'
  /**
   * The key that pauses, as `NAME#3fa91c2b`: its environment variable and the beginning of a digest of its value, since gateways may have
   * another value under the same name while it is replaced. Absent: it is the deployment that pauses.
   */
  readonly key?: string
  /** Milliseconds from now. Durations, because the clocks of several machines differ. */
  readonly forMs: number
  /** Of a cooldown: the vendor named no length. */
  readonly guessed?: boolean
}

/** The other gateways that ask the same providers with the same keys. */
export interface Peers {
  /** Tells the others. Neither waits nor throws: a pause that is not heard is found out by asking. */
  tell(pause: SharedPause): void
  /** Called once, with what takes in the pauses of others. */
  listen(hear: (pause: SharedPause) => void): void
}
