/** What the client does with one request of the soak. `early`: leaves before an answer; `midway`: after its first bytes. */
export type Leaving = 'never' | 'early' | 'midway'

export interface SoakRequest {
  readonly model: string
  readonly stream: boolean
  readonly leaving: Leaving
  readonly big: boolean
}

/** Each is asked for as a whole answer and as a stream. The last one is served by nobody. */
const faults = [
  'mock-error-500',
  'mock-error-429-retry-ms-50',
  'mock-first-error',
  'mock-chunks-20-cut-after-3',
  'mock-chunks-20-error-after-3',
  'mock-cut-body',
  'mock-malformed',
  'mock-empty',
  'mock-refused',
  'mock-html-502',
  'mock-context-length',
  'mock-content-filter',
  'unknown-model',
]

const ordinary = { stream: 'mock-chunks-20', whole: 'mock-fixed' }
const abandoned = { stream: 'mock-chunks-50-gap-20', whole: 'mock-latency-1000' }

/** The models of the gateway. Each by its name, because the models of one pattern share a breaker and a cooldown. */
export const soakModels: readonly string[] = [
  ...[ordinary, abandoned].flatMap((each) => Object.values(each)),
  ...faults.filter((model) => model.startsWith('mock-')),
]

/**
 * The request at a place in the soak, always the same: of 100 in a row, 5 meet a fault, 5 are abandoned, 1 has a body of 1 MB, the
 * rest is ordinary. Half of every kind is streamed.
 */
export function soakRequest(index: number): SoakRequest {
  const block = Math.floor(index / 100)
  const slot = index % 100
  const stream = (block + Math.floor(slot / 10) + slot) % 2 === 0
  const form = stream ? 'stream' : 'whole'
  const plain = { stream, leaving: 'never', big: false } as const
  if (slot % 20 === 5) {
    // Divided by two, so that every fault meets both forms.
    const turn = Math.floor((block * 5 + (slot - 5) / 20) / 2)
    return { ...plain, model: faults[turn % faults.length]! }
  }
  if (slot % 20 === 15) {
    return { ...plain, model: abandoned[form], leaving: stream ? 'midway' : 'early' }
  }
  return { ...plain, model: ordinary[form], big: slot === 50 }
}

const bigContent = 'All work and no play. '.repeat(47_663)

export function soakBody({ model, stream, big }: SoakRequest): string {
  const content = big ? bigContent : 'Say something short.'
  return JSON.stringify({ model, messages: [{ role: 'user', content }], ...(stream && { stream: true }) })
}
