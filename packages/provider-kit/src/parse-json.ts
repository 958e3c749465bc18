/** The JSON value of a text, or `undefined`: what upstreams send need not be JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
