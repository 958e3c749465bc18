const longest = 2048
// eslint-disable-next-line no-control-regex
const unsafe = /[^\x20-\x7e]/

/**
 * A text as one header line: line breaks, control and non-ASCII characters become percent escapes (a `%` itself is kept),
 * and at most 2,048 characters are left. Model names and field names come from clients and end up in headers.
 */
export function headerValue(text: string): string {
  const line = unsafe.test(text) ? encodeUnsafe(text) : text
  return line.length > longest ? line.slice(0, longest) : line
}

function encodeUnsafe(text: string): string {
  return text
    .slice(0, longest)
    .toWellFormed()
    .replaceAll(/[^\x20-\x7e]+/g, encodeURIComponent)
}
