import { collectChunks } from '@llmproxy/provider-kit/testing'
import type { Reading } from './reading.ts'
import { StreamFailed } from './strict-reader.ts'

/**
 * The rules of Continue's stream parser: lines, `data:` with or without a space, `[DONE]` and any line that begins with
 * `: ping` end the answer, other lines are nothing, an error frame or bad JSON throws. A short answer looks complete to it.
 */
export function continueReading(text: string): Reading {
  const chunks: unknown[] = []
  for (const line of text.split('\n').map((line) => line.trim())) {
    if (line.startsWith(': ping')) break
    if (!line.startsWith('data:')) continue
    const value = line.slice('data:'.length).trim()
    if (value === '[DONE]') break
    const parsed = JSON.parse(value) as { error?: { message?: string } }
    if (parsed.error) throw new StreamFailed(parsed.error.message ?? 'no message')
    chunks.push(parsed)
  }
  return readingOf(chunks)
}

/** The rules of Open WebUI: lines that begin with exactly `data: ` (with the space) count, nothing else does. */
export function openWebUiReading(text: string): Reading {
  const chunks: unknown[] = []
  for (const line of text.split('\n')) {
    if (!line.startsWith('data: ') || line === 'data: [DONE]') continue
    const parsed = JSON.parse(line.slice('data: '.length)) as { error?: { message?: string } }
    if (parsed.error) throw new StreamFailed(parsed.error.message ?? 'no message')
    chunks.push(parsed)
  }
  return readingOf(chunks)
}

function readingOf(chunks: readonly unknown[]): Reading {
  const choice = collectChunks(chunks).get(0)
  const toolCalls = choice?.toolCalls ?? []
  return {
    text: choice?.content ?? '',
    reasoning: choice?.reasoning ?? '',
    toolCalls: toolCalls.map((call) => ({ name: call.name, arguments: call.arguments })),
    finish: choice?.finishReasons[0] ?? null,
  }
}
