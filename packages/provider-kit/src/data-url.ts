export interface DataUrl {
  /** Lower case, without parameters; `text/plain` when the URL names none. */
  readonly mediaType: string
  /** `data` is base64. Otherwise it is text, percent-decoded. */
  readonly base64: boolean
  readonly data: string
}

/** Takes a `data:` URL apart; `undefined` for any other URL and for broken ones. Large payloads are sliced, not scanned. */
export function parseDataUrl(url: string): DataUrl | undefined {
  if (!/^data:/i.test(url)) return undefined
  const comma = url.indexOf(',')
  if (comma === -1) return undefined
  const [mediaType = '', ...parameters] = url.slice(5, comma).split(';')
  const base64 = parameters.some((parameter) => parameter.trim().toLowerCase() === 'base64')
  const data = base64 ? url.slice(comma + 1) : decoded(url.slice(comma + 1))
  return data === undefined
    ? undefined
    : { mediaType: mediaType.trim().toLowerCase() || 'text/plain', base64, data }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
