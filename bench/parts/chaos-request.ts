/** What the client does with one request of the chaos run. */
export interface ChaosRequest {
  /** Unique; upstreams write it down, and answer with it. */
  readonly id: string
  readonly model: 'chaos' | 'chaos-slow'
  readonly stream: boolean
  /** Milliseconds after which the client leaves. */
  readonly leavesAfterMs: number | undefined
}

export interface ChaosBody {
  readonly model: string
  readonly user: string
  readonly stream?: boolean
}

/** The request at a place, always the same: half are streams, one of ten is left by its client before it can be complete. */
export function chaosRequest(index: number): ChaosRequest {
  const stream = index % 2 === 0
  const leaves = index % 10 >= 8 && index % 20 < 10
  return {
    id: `request-${index}`,
    model: leaves ? 'chaos-slow' : 'chaos',
    stream,
    leavesAfterMs: leaves ? 150 + (index % 7) * 50 : undefined,
  }
}

export function chaosBody({ id, model, stream }: ChaosRequest): string {
  const messages = [{ role: 'user', content: 'Say your number.' }]
  return JSON.stringify({ model, user: id, messages, ...(stream && { stream: true }) })
}
