import { answer } from '../src/answer.ts'
import type { Script } from '../src/script.ts'

/** A script, read to its end. */
export interface Reading {
  status: number
  headers: Readonly<Record<string, string>>
  text: string
  /** Milliseconds of each pause, in order. */
  waits: number[]
  /** How it ended: `end`, or the step that stopped it. */
  ending: 'end' | 'cut' | 'hang' | 'refuse'
}

export function read(script: Script): Reading {
  const reading: Reading = { status: 0, headers: {}, text: '', waits: [], ending: 'end' }
  const bytes: Uint8Array[] = []
  for (const step of script) {
    if (step.kind === 'head') Object.assign(reading, { status: step.status, headers: step.headers })
    else if (step.kind === 'bytes') bytes.push(step.bytes)
    else if (step.kind === 'wait') reading.waits.push(step.milliseconds)
    else reading.ending = step.kind
  }
  reading.text = Buffer.concat(bytes).toString('utf8')
  return reading
}

export interface Question {
  path?: string
  method?: string
  headers?: Record<string, string>
  earlier?: number
  keys?: readonly string[]
}

/** Asks the pure core. A string body is sent as it is. */
export function ask(body: unknown, question: Question = {}): Reading {
  const { path = '/v1/chat/completions', method = 'POST', headers = {}, earlier = 0, keys } = question
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const surroundings = { ...(keys && { keys }), earlierRequests: () => earlier }
  return read(answer({ method, path, headers, body: bytes }, surroundings))
}

/** A chat body for one user message. */
export function chat(model: string, more: object = {}): object {
  return { model, messages: [{ role: 'user', content: 'Hello there' }], ...more }
}

/** Asks on the Anthropic wire. */
export function askMessages(body: unknown, question: Question = {}): Reading {
  return ask(body, {
    path: '/v1/messages',
    ...question,
    headers: { 'anthropic-version': '2023-06-01', ...question.headers },
  })
}

/** A Messages body for one user message. */
export function messages(model: string, more: object = {}): object {
  return { model, max_tokens: 1000, messages: [{ role: 'user', content: 'Hello there' }], ...more }
}

/** Parsed JSON, which tests look into freely. */
export type Json = ReturnType<typeof JSON.parse>

export function parse(reading: Reading): Json {
  return JSON.parse(reading.text)
}

/** The `data:` of every event of a plainly written stream, parsed; `[DONE]` as it is. */
export function events(reading: Reading): Json[] {
  return reading.text
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => line.slice(6))
    .map((data): Json => (data === '[DONE]' ? data : JSON.parse(data)))
}

/** The text that the content deltas of a chat stream add up to. */
export function streamedText(reading: Reading): string {
  return events(reading)
    .map((event) => event.choices?.[0]?.delta?.content ?? '')
    .join('')
}
