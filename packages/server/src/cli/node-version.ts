/**
 * What to say to a Node.js that is too old, or `undefined`. `range`: `engines.node` of a package.json, as in `>=22.19`;
 * `running`: `process.versions.node`. Imports nothing: whoever asks must not have loaded what an old Node.js cannot run.
 */
export function refuseOldNode(range: string, running: string): string | undefined {
  const needed = range.replace(/^>=/, '')
  return compare(numbers(running), numbers(needed)) < 0
    ? `needs Node ${needed} or later, this is ${running}`
    : undefined
}

function numbers(version: string): number[] {
  return version.split('.').map((part) => Number.parseInt(part, 10))
}

function compare(left: readonly number[], right: readonly number[]): number {
  const place = right.findIndex((number, index) => number !== (left[index] ?? 0))
  return place === -1 ? 0 : (left[place] ?? 0) - right[place]!
}
