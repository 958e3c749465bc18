import type { Refusal } from './refusing-front.ts'

/** How each vendor words an error: what stands around the message. */
export const shapes = {
  openai: (status: number, message: string, code: string | null = null, type = 'invalid_request_error') =>
    refusal(status, { error: { message, type, param: null, code } }),
  /** The code is the status, as a number. */
  numbered: (status: number, message: string, members: object = {}) =>
    refusal(status, { error: { message, code: status, ...members } }),
  anthropic: (status: number, type: string, message: string) =>
    refusal(status, { type: 'error', error: { type, message }, request_id: 'req_1' }),
  grok: (status: number, code: string, error: string) => refusal(status, { code, error }),
  blackbox: (status: number, message: string) =>
    refusal(status, { error: { message, type: 'None', param: 'None', code: '400' } }),
  openrouter: (status: number, message: string, metadata: object = { provider_name: null }) =>
    refusal(status, { error: { message, code: status === 200 ? 400 : status, metadata } }),
  cohere: (status: number, message: string) => refusal(status, { id: 'r1', message }),
  gemini: (status: number, message: string, word: string, details: readonly object[] = []) =>
    refusal(status, { error: { code: status, message, status: word, details } }),
  mistral: (status: number, message: string, type = 'invalid_request_error') =>
    refusal(status, { object: 'error', message, type, param: null, code: '3051' }),
  bedrock: (status: number, exception: string, message: string) =>
    refusal(status, { message }, { 'x-amzn-errortype': exception }),
  flat: (status: number, message: string, code: number | string = status) =>
    refusal(status, { object: 'error', message, type: 'BadRequestError', param: null, code }),
  text: (status: number, error: string, members: object = {}) => refusal(status, { error, ...members }),
}

function refusal(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Refusal {
  return { status, body, headers }
}
