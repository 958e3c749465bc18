/** One piece of load: a number of equal requests over a number of connections, one request at a time on each. */
export interface LoadJob {
  readonly port: number
  readonly model: string
  readonly stream: boolean
  readonly connections: number
  readonly requests: number
  /** Fewer body bytes than this in an answer are a failure. */
  readonly leastBytes: number
  /** Milliseconds between the starts of the connections. */
  readonly startGapMs: number
  /** Milliseconds after which the job is given up. */
  readonly limitMs: number
}

export interface LoadResult {
  readonly answered: number
  /** What went wrong, and how often. */
  readonly failures: Readonly<Record<string, number>>
  readonly milliseconds: number
  /** Reads from sockets: tells how many events came together. */
  readonly reads: number
  /** Milliseconds from the request to the first byte of each answer's body. */
  readonly firstByteMs: readonly number[]
}

/** The client keys of the measured gateway; the load uses both. */
export const clientKeys: readonly string[] = ['bench-client-key-number-one', 'bench-client-key-number-two']
