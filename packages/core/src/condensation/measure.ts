import type { TokenNumbers } from '@llmproxy/provider-kit'
import type { IngressBody } from '../ingress/ingress.ts'
import { scaled, type Sizer } from './sizer.ts'
import { plausible } from './windows.ts'

/** How large a request is, and how large it may be. All in tokens. */
export interface Measured {
  /** Corrected by what the vendor has counted. */
  readonly sizer: Sizer
  /** By how much: 1 where nothing says otherwise. */
  readonly factor: number
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
  /** Known beforehand. */
  readonly window: number | undefined
  /** What the error says with which the request was refused; `undefined`: it was not asked yet. */
  readonly refused: Refusal | undefined
  /** The model's own. */
  readonly sizer: Sizer
  /** How many times more tokens are expected than that tells, where no refusal has counted them. Default: 1. */
  readonly density?: number
}

/** How a request was refused. */
export interface Refusal {
  readonly numbers: TokenNumbers
  /** Tokens of the messages or the prompt that were refused, where that was another form of the request. */
  readonly sizeOf?: (sizer: Sizer) => number
  /** The smallest request, with its answer, that was refused without a word about the window. */
  readonly smallest: number | undefined
}

/** An estimate is corrected within these bounds: beyond them, the numbers mean something else. */
const [leastFactor, mostFactor] = [0.2, 8]

/** Of the room, since estimates err. */
const margin = 0.95

/** Tokens that an answer gets when its request does not say. */
const usualAnswer = 1_024

export function measure(input: MeasureInput): Measured {
  const { body, refused } = input
  const plain = input.sizer
  const fixedTexts = [body['tools'], body['functions'], body['response_format']]
    .filter((value) => value !== undefined && value !== null)
    .map((value) => JSON.stringify(value))
  const fixedOf = (sizer: Sizer) => fixedTexts.reduce((sum, text) => sum + sizer.tokens(text), 0)
  const estimate = input.sizeOf(plain) + fixedOf(plain)
  const window = least(input.window, plausible(refused?.numbers.limit)) ?? guessed(estimate, refused)
  const counted = refused?.sizeOf === undefined ? estimate : refused.sizeOf(plain) + fixedOf(plain)
  const { density = 1 } = input
  const factor = refused === undefined ? density : correction(counted, window, refused.numbers)
  const sizer = factor === 1 ? plain : scaled(plain, factor)
  return {
    sizer,
    factor,
    total: Math.round(estimate * factor),
    fixed: fixedOf(sizer),
    window,
    room: window === undefined ? undefined : Math.floor((window - answerRoom(body, window)) * margin),
  }
}

/** A request that was refused is larger than one that was refused before: that is the best that is known of the window. */
function guessed(estimate: number, refused: Refusal | undefined): number | undefined {
  const smallest = plausible(refused?.smallest)
  return smallest !== undefined && smallest < estimate ? smallest : undefined
}

/** Tokens of the answer that a request may still have: at most half of the window. */
export function answerRoom(body: IngressBody, window: number): number {
  const wanted = askedAnswer(body) || Math.min(usualAnswer, window / 4)
  return Math.min(wanted, Math.floor(window / 2))
}

/** Tokens of the answer that a request asks for; 0: it does not say. */
export function askedAnswer(body: IngressBody): number {
  const asked = body['max_completion_tokens'] ?? body['max_tokens']
  return typeof asked === 'number' && asked > 0 ? asked : 0
}

/** What the vendor has counted, as a multiple of what we did. It has refused the request, so that it is above the window at least. */
function correction(estimate: number, window: number | undefined, refused: TokenNumbers): number {
  if (estimate === 0) return 1
  const counted = refused.input ?? refused.requested
  // A server that names the tokens of the answer alone has added them.
  const atLeast = window === undefined ? 0 : (window - (refused.output ?? 0)) / estimate
  const factor = counted === undefined ? Math.max(1, atLeast) : counted / estimate
  return Math.min(mostFactor, Math.max(leastFactor, factor))
}

function least(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined || right === undefined ? (left ?? right) : Math.min(left, right)
}
