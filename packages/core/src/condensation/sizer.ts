import type { TokenCounter } from '@llmproxy/provider-kit'
import { SampledSizer } from './sampled-sizer.ts'

/** Tells how many tokens a text has: an estimate, so the parts of a text may come to a little more or less than the whole. */
export interface Sizer {
  /** Whole, from 0 on. Takes milliseconds at most, however long the text is; never throws. */
  tokens(text: string): number
  /** By the model's own tokenizer; `false`: from the number of bytes. */
  readonly exact: boolean
}

/** Four bytes of UTF-8 for a token: not far off for prose and code, a third too few for JSON. */
export const charSizer: Sizer = {
  tokens: (text) => Math.ceil(Buffer.byteLength(text) / 4),
  exact: false,
}

/**
 * By a tokenizer. For the texts of one request: the first 16,384 characters are counted as they are, and of what follows less and
 * less, never more than that of one text. Whatever is not counted is taken to be like what was. What `count` throws is thrown.
 */
export function tokenizerSizer(count: TokenCounter): Sizer {
  return new SampledSizer(count)
}

/** The same, times `factor`: by how much the vendor's own numbers differ. One that is not above 0 changes nothing. */
export function scaled(sizer: Sizer, factor: number): Sizer {
  if (!Number.isFinite(factor) || factor <= 0) return sizer
  return { tokens: (text) => Math.ceil(sizer.tokens(text) * factor), exact: sizer.exact }
}
