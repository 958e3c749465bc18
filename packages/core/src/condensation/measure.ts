import type { TokenNumbers } from '@llmproxy/provider-kit'
import type { IngressBody } from '../ingress/ingress.ts'
import { charSizer, scaled, type Sizer } from './sizer.ts'

/** How large a request is, and how large it may be. All in tokens. */
export interface Measured {
  /** Corrected by what the vendor has counted. */
  readonly sizer: Sizer
  /** The prompt as it came. */
  readonly total: number
  /** Of it, what is no message: definitions of tools and the like. */
  readonly fixed: number
  /** The model's window; `undefined`: unknown. */
  readonly window: number | undefined
  /** What the prompt may have; `undefined`: unknown. */
  readonly room: number | undefined
}

export interface MeasureInput {
  readonly body: IngressBody
  /** Tokens of the messages or the prompt. */
  readonly sizeOf: (sizer: Sizer) => number
  /** What is said in them. */
  readonly texts: () => readonly string[]
  /** Known beforehand. */
  readonly window: number | undefined
  /** What the error says with which the request was refused; `undefined`: it was not asked yet. */
  readonly refused: TokenNumbers | undefined
  /** The model's own. */
  readonly sizer: Sizer
}

/** Characters that a tokenizer is given to see how many of them make a token; it takes some milliseconds. */
const sampleLength = 32_768
/** Pieces that the sample is made of. */
const samplePieces = 32

/** An estimate is corrected within these bounds: beyond them, the numbers mean something else. */
const [leastFactor, mostFactor] = [0.2, 8]

/** Of the room, since estimates err. */
const margin = 0.95

/** Tokens that an answer gets when its request does not say. */
const usualAnswer = 1_024

export function measure(input: MeasureInput): Measured {
  const { body, refused } = input
  const plain =
    refused?.input === undefined && input.sizer.exact ? sampled(input.texts(), input.sizer) : charSizer
  const fixedTexts = [body['tools'], body['functions'], body['response_format']]
    .filter((value) => value !== undefined && value !== null)
    .map((value) => JSON.stringify(value))
  const fixedOf = (sizer: Sizer) => fixedTexts.reduce((sum, text) => sum + sizer.tokens(text), 0)
  const window = least(input.window, refused?.limit)
  const estimate = input.sizeOf(plain) + fixedOf(plain)
  const factor = correction(estimate, window, refused)
  const sizer = factor === 1 ? plain : scaled(plain, factor)
  return {
    sizer,
    total: Math.round(estimate * factor),
    fixed: fixedOf(sizer),
    window,
    room: window === undefined ? undefined : Math.floor((window - answerRoom(body, window)) * margin),
  }
}

/** Tokens of the answer that a request may still have: at most half of the window. */
export function answerRoom(body: IngressBody, window: number): number {
  const asked = body['max_completion_tokens'] ?? body['max_tokens']
  const wanted = typeof asked === 'number' && asked > 0 ? asked : Math.min(usualAnswer, window / 4)
  return Math.min(wanted, Math.floor(window / 2))
}

/** What the vendor has counted, as a multiple of what we did. It has refused the request, so that it is above the window at least. */
function correction(estimate: number, window: number | undefined, refused: TokenNumbers | undefined): number {
  if (refused === undefined || estimate === 0) return 1
  const counted = refused.input ?? refused.requested
  const atLeast = refused.input === undefined && window !== undefined ? window / estimate : 0
  const factor = counted === undefined ? Math.max(1, atLeast) : Math.max(counted / estimate, 0)
  return Math.min(mostFactor, Math.max(leastFactor, factor))
}

/**
 * By the model's tokenizer, of which only a sample of the texts is shown: it tells how many bytes make a token here, and bytes are
 * counted.
 */
function sampled(texts: readonly string[], sizer: Sizer): Sizer {
  const sample = sampleOf(texts)
  const bytes = charSizer.tokens(sample)
  return bytes === 0 ? charSizer : { ...scaled(charSizer, sizer.tokens(sample) / bytes), exact: true }
}

/** Pieces from everywhere, in the same distance from each other. */
function sampleOf(texts: readonly string[]): string {
  const length = texts.reduce((sum, text) => sum + text.length, 0)
  if (length <= sampleLength) return texts.join('\n')
  const step = length / samplePieces
  const pieceLength = sampleLength / samplePieces
  let sample = ''
  let at = 0
  let next = 0
  for (const text of texts) {
    for (; next < at + text.length; next += step) sample += text.substr(Math.floor(next - at), pieceLength)
    at += text.length
  }
  return sample
}

function least(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined || right === undefined ? (left ?? right) : Math.min(left, right)
}
