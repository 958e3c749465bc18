/** A distribution over fixed buckets. Recording allocates nothing. */
export class Histogram {
  /** Upper bounds, ascending; one more bucket takes the rest. */
  readonly bounds: readonly number[]
  /** Values in each bucket, not cumulated. */
  readonly counts: Float64Array
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  record(value: number): void {
    const { bounds } = this
    let bucket = 0
    while (bucket < bounds.length && value > bounds[bucket]!) bucket += 1
    this.counts[bucket]! += 1
    this.sum += value
  }
}

/** Seconds; the bounds that the OpenTelemetry GenAI conventions advise for operation durations. */
export const durationBounds = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
] as const

/** Seconds; the bounds that the OpenTelemetry GenAI conventions advise for the time to the first chunk. */
export const firstChunkBounds = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
] as const

/** Tokens; the bounds that the OpenTelemetry GenAI conventions advise. */
export const tokenBounds = [
  1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
] as const
