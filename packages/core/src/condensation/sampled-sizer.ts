import type { TokenCounter } from '@llmproxy/provider-kit'
import type { Sizer } from './sizer.ts'

/** Characters that are counted at once: tokenizers take quadratic time for long runs without a space. */
const longestPiece = 512
/** The share of each text that is counted as long as all of them together have not come to `mostCounted`. */
const leastShare = 1 / 16
const mostCounted = 131_072
/** Characters of a sample: many small ones tell more of a text than few large ones, and each cut adds a token now and then. */
const pieceLength = 128
/** Characters of one text that are counted, and of a request before it is only sampled. */
const countedWhole = 16_384
/** How much of what follows is counted: this much for each time that the request has grown by a factor of e. */
const countedPerFold = 8_192
/** Characters before a piece's end in which a better place to cut is looked for. */
const cutReach = 64
/** Bytes that are counted before what was counted earlier has half its weight: conversations change their language. */
const halfLife = 1_024
/** Texts whose sizes are remembered. */
const mostRemembered = 1_024

/**
 * The size of texts by a tokenizer, at a bounded price: a megabyte costs as much as 88 KiB, and more than that little more. Every text gets its share of what is
 * counted, in pieces that are spread over it; texts that are too short for a piece are sized like those that were counted.
 */
export class SampledSizer implements Sizer {
  readonly exact = true
  readonly #count: TokenCounter
  /** Characters of all texts so far. */
  #seen = 0
  /** Characters that may be counted, and have not been. */
  #credit = 0
  /** Characters that were counted. */
  #spent = 0
  /** What was counted lately. */
  #tokens = 0
  #bytes = 0
  #turn = 1
  readonly #remembered = new Map<string, number>()

  constructor(count: TokenCounter) {
    this.#count = count
  }

  tokens(text: string): number {
    if (text === '') return 0
    const known = this.#remembered.get(text)
    if (known !== undefined) return known
    const tokens = this.#size(text)
    if (this.#remembered.size < mostRemembered) this.#remembered.set(text, tokens)
    return tokens
  }

  #size(text: string): number {
    const { length } = text
    const before = this.#seen
    this.#seen += length
    const allowed = allowance(this.#seen) - allowance(before)
    const least = this.#spent < mostCounted ? length * leastShare : 0
    this.#credit += Math.min(Math.max(allowed, least), countedWhole)
    const pieces = Math.floor(this.#credit / pieceLength)
    const whole = this.#credit >= length || pieces * pieceLength >= length
    const spent = whole ? length : pieces * pieceLength
    this.#spent += spent
    this.#credit = Math.max(0, this.#credit - spent)
    const counted = whole ? this.#whole(text) : this.#spread(text, pieces)
    const kept = 0.5 ** (counted.bytes / halfLife)
    this.#tokens = this.#tokens * kept + counted.tokens
    this.#bytes = this.#bytes * kept + counted.bytes
    if (whole) return Math.ceil(counted.tokens)
    const { tokens, bytes } = counted.bytes > 0 ? counted : { tokens: this.#tokens, bytes: this.#bytes }
    // Not rounded up: thousands of short messages would come to much more than they are.
    return Math.max(1, Math.round((Buffer.byteLength(text) * tokens) / bytes))
  }

  #whole(text: string): Counted {
    let tokens = 0
    for (let start = 0; start < text.length;) {
      const end = cutBefore(text, start + longestPiece)
      tokens += this.#count(text.slice(start, end))
      start = end
    }
    return { tokens, bytes: Buffer.byteLength(text) }
  }

  /** One piece from each of as many equal parts of the text. */
  #spread(text: string, pieces: number): Counted {
    const part = text.length / pieces
    const counted = { tokens: 0, bytes: 0 }
    for (let index = 0; index < pieces; index++) {
      const start = cutBefore(text, Math.floor(index * part + this.#place() * (part - pieceLength)))
      const piece = text.slice(start, cutBefore(text, start + pieceLength))
      counted.tokens += this.#count(piece)
      counted.bytes += Buffer.byteLength(piece)
    }
    return counted
  }

  /** In [0, 1), spread evenly: a fixed place would meet the same column of a table again and again. */
  #place(): number {
    this.#turn = (this.#turn + 0.618_033_988_749_895) % 1
    return this.#turn
  }
}

interface Counted {
  tokens: number
  bytes: number
}

/** How many of the first `characters` of a request are counted. */
function allowance(characters: number): number {
  if (characters <= countedWhole) return characters
  return countedWhole + countedPerFold * Math.log(characters / countedWhole)
}

/** A place to cut at or shortly before `at`, in front of a word where there is one: tokens begin there. Never inside a character. */
function cutBefore(text: string, at: number): number {
  if (at <= 0) return 0
  if (at >= text.length) return text.length
  for (let place = at; place > at - cutReach && place > 0; place--) {
    if (text[place] === ' ' && text[place - 1] !== ' ') return place
  }
  return isInsideCharacter(text, at) ? at - 1 : at
}

function isInsideCharacter(text: string, at: number): boolean {
  return (text.codePointAt(at - 1) ?? 0) > 0xff_ff
}
