import { type ChatRequest, functionTools } from '@llmproxy/provider-kit'

/** Names of functions on both sides. */
export interface ToolNames {
  /** The name to send for one of the client's. */
  sent(name: string): string
  /** The client's name for one that was sent. */
  given(name: string): string
}

/**
 * The vendor takes letters, digits and `_`, and no digit in front; clients also write `get-weather` and `server.tool`. Other characters
 * become `_`, with a number behind where two names would be one. The same for every look at one request, so answers find back.
 */
export function sentNames(body: Readonly<ChatRequest>): ToolNames {
  const bySent = new Map<string, string>()
  const byGiven = new Map<string, string>()
  const counts = new Map<string, number>()
  const names = functionTools(body).map(({ name }) => name)
  // Names that can stay come first: another one must not take their place.
  for (const name of [...names.filter(isPlain), ...names.filter((name) => !isPlain(name))]) {
    if (byGiven.has(name)) continue
    const plain = plainName(name)
    let unique = plain
    for (let count = counts.get(plain) ?? 2; bySent.has(unique); count += 1) {
      unique = `${plain}_${count}`
      // Where the next one begins: thousands of names may become the same.
      counts.set(plain, count + 1)
    }
    bySent.set(unique, name)
    byGiven.set(name, unique)
  }
  return {
    // Calls in the history may be of tools that are no longer offered.
    sent: (name) => byGiven.get(name) ?? plainName(name),
    given: (name) => bySent.get(name) ?? name,
  }
}

function isPlain(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
}

function plainName(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9_]/g, '_')
  return /^[A-Za-z_]/.test(plain) ? plain : `_${plain}`
}
