/** One act of the mock upstream. A script is played over a socket by the server, or as an async iterable in process. */
export type Step =
  | { readonly kind: 'head'; readonly status: number; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'wait'; readonly milliseconds: number }
  /** The connection closes although the body is not complete. */
  | { readonly kind: 'cut' }
  /** Silence until the client leaves. */
  | { readonly kind: 'hang' }
  /** The connection is reset before any byte of an answer. Only as the first step. */
  | { readonly kind: 'refuse' }

/** Steps in order: at most one `head`, before all `bytes`. Without `cut` or `hang` the body ends after the last step. May be iterated again. */
export type Script = Iterable<Step>

const encoder = new TextEncoder()

/** UTF-8 text as a step. */
export function text(content: string): Step {
  return { kind: 'bytes', bytes: encoder.encode(content) }
}

/** A pause; nothing when it is 0. */
export function pause(milliseconds: number): readonly Step[] {
  return milliseconds > 0 ? [{ kind: 'wait', milliseconds }] : []
}

/** A whole body of known length. */
export function whole(
  status: number,
  contentType: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Step[] {
  const bytes = typeof body === 'string' ? encoder.encode(body) : body
  const length = String(bytes.byteLength)
  return [
    { kind: 'head', status, headers: { 'content-type': contentType, 'content-length': length, ...headers } },
    { kind: 'bytes', bytes },
  ]
}

/** A whole JSON body. */
export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Step[] {
  return whole(status, 'application/json', JSON.stringify(body), headers)
}

/** Plays every byte of `script` on its own, `milliseconds` apart. */
export function drip(script: Script, milliseconds: number): Script {
  return {
    *[Symbol.iterator]() {
      for (const step of script) {
        if (step.kind !== 'bytes') yield step
        else {
          for (let at = 0; at < step.bytes.byteLength; at += 1) {
            yield { kind: 'wait', milliseconds }
            yield { kind: 'bytes', bytes: step.bytes.subarray(at, at + 1) }
          }
        }
      }
    },
  }
}

/** One script after another. */
export function inOrder(first: Script, then: Script): Script {
  return {
    *[Symbol.iterator]() {
      yield* first
      yield* then
    },
  }
}

/** A head and all of its bytes at once, when the script is no more than that: the case that must be fast. */
export function asWhole(
  script: Script,
): (Extract<Step, { kind: 'head' }> & { readonly bytes: Uint8Array }) | undefined {
  if (!Array.isArray(script) || script.length !== 2) return undefined
  const [head, body] = script as readonly Step[]
  return head?.kind === 'head' && body?.kind === 'bytes' ? { ...head, bytes: body.bytes } : undefined
}
