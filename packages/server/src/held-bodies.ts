import type { ServerResponse } from 'node:http'
import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'

/** Bytes: bodies up to this are not counted, and cost nothing. */
const small = 64 * 1024

/** Large request bodies that are held in memory: each from its arrival until its request is answered. */
export class HeldBodies {
  readonly #most: number
  readonly #held = new WeakMap<ServerResponse, number>()
  #bytes = 0

  /** `most`: bytes of all of them together. */
  constructor(most: number) {
    this.#most = most
  }

  /** Notes that `bytes` of the body of the request behind `answer` have arrived. `false`: no room; they must be let go. */
  hold(answer: ServerResponse, bytes: number): boolean {
    if (bytes <= small) return true
    const before = this.#held.get(answer)
    if (before === undefined) answer.once('close', () => this.#release(answer))
    this.#held.set(answer, bytes)
    this.#bytes += bytes - (before ?? 0)
    return this.#bytes <= this.#most
  }

  #release(answer: ServerResponse): void {
    this.#bytes -= this.#held.get(answer) ?? 0
    this.#held.delete(answer)
  }
}

/**
 * Bytes that the bodies of one of `workers` processes may take: a body is there as bytes, and its texts once more on the heap, so it is half
 * of that, and a quarter of what the machine or its container has for all of them.
 */
export function roomForBodies(workers: number): number {
  const memory = Math.min(totalmem(), process.constrainedMemory() || Infinity)
  return Math.min(memory / 4 / workers, getHeapStatistics().heap_size_limit / 2)
}
