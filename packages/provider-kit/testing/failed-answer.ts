import type { FailedResponse } from '@llmproxy/provider-kit'
import type { FixtureCase } from './fixture.ts'
import { parseSse } from './sse-parser.ts'
import { parseJson } from './subject.ts'
import { isObject } from './wire-rules.ts'

/**
 * What the gateway hands to `fault()` in a case: the answer with its error status, the error inside a 2xx body, or the first
 * error event of a stream (headers of a stream are not handed over). `undefined`: there is no error in the answer.
 */
export function failedAnswer(fixture: FixtureCase): FailedResponse | undefined {
  const { status = 200, headers = {}, text = '', sse = false } = fixture.upstream ?? {}
  const body = parseJson(text)
  if (status >= 400) return { status, headers, text, body, inBand: false }
  if (!sse) return isErrorBody(body) ? { status, headers, text, body, inBand: true } : undefined
  for (const { event, data } of parseSse(text)) {
    const frame = parseJson(data)
    if (event === 'error' || isErrorBody(frame)) {
      return { status: 200, headers: {}, text: data.trim(), body: frame, inBand: true }
    }
  }
  return undefined
}

/** A JSON object with an `error` that says something. */
export function isErrorBody(value: unknown): boolean {
  return isObject(value) && Boolean(value['error'])
}
