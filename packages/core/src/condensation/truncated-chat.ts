import type { Ingress } from '../ingress/ingress.ts'
import type { Sizer } from './sizer.ts'

/** All in tokens. */
export interface TruncatedTo {
  /** What the prompt may have afterwards. */
  readonly target: number
  /** Of it, what is no message: definitions of tools and the like. */
  readonly fixed: number
  readonly sizer: Sizer
}

/**
 * The request without its oldest messages. System messages and the last turn stay; where that is still more than `target`, the last
 * turn loses its oldest calls and results, then the longest of its texts are cut in the middle. `undefined`: nothing can be left out.
 */
export function truncatedChat(_ingress: Ingress, _to: TruncatedTo): Ingress | undefined {
  return undefined
}
