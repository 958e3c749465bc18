import type { TokenCounter } from '@llmproxy/provider-kit'

/** Tells how many tokens a text has. */
export interface Sizer {
  /** From 0 on, whole. Takes milliseconds at most, however long the text is; never throws. */
  tokens(text: string): number
  /** By the model's own tokenizer, in parts or as a whole; `false`: from the number of bytes. */
  readonly exact: boolean
}

/** Four bytes of UTF-8 for a token: close to what models have for English, and not far off for other languages. */
export const charSizer: Sizer = {
  tokens: (text) => Math.ceil(Buffer.byteLength(text) / 4),
  exact: false,
}

/** Counts texts of up to 16,384 characters as a whole, and as much of longer ones. */
export function tokenizerSizer(count: TokenCounter): Sizer {
  return { tokens: (text) => count(text), exact: true }
}

/** The same, times `factor`: what a vendor counts beyond what can be seen from here. */
export function scaled({ tokens, exact }: Sizer, factor: number): Sizer {
  return { tokens: (text) => Math.ceil(tokens(text) * factor), exact }
}
