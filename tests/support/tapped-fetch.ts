/** A `fetch` for client libraries that keeps what they were answered. */
export interface TappedFetch {
  readonly fetch: typeof globalThis.fetch
  /** One per request. A live array. */
  readonly answers: readonly Promise<{ readonly status: number; readonly text: string }>[]
}

/** Both the library and `answers` get every byte; a body that breaks off ends there in `answers`. */
export function tapFetch(): TappedFetch {
  const answers: Promise<{ status: number; text: string }>[] = []
  const tapped: typeof globalThis.fetch = async (input, init) => {
    const response = await globalThis.fetch(input, init)
    const { status, body, headers, statusText } = response
    if (body === null) {
      answers.push(Promise.resolve({ status, text: '' }))
      return response
    }
    const [theirs, ours] = body.tee()
    answers.push(textOf(ours).then((text) => ({ status, text })))
    return new Response(theirs, { status, statusText, headers })
  }
  return { fetch: tapped, answers }
}

async function textOf(body: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  try {
    for await (const chunk of body) text += decoder.decode(chunk, { stream: true })
  } catch {
    return text
  }
  return text + decoder.decode()
}
