/** The `limit` candidates closest to `word` by edit distance. */
export function nearest(word: string, candidates: readonly string[], limit: number): readonly string[] {
  const start = word.slice(0, 60)
  const scored = candidates.map((candidate) => {
    // A misspelt directive may be followed by its numbers and others: compare the same number of words only.
    const words = start.split('-').slice(0, candidate.split('-').length).join('-')
    return { candidate, distance: editDistance(words, candidate) }
  })
  scored.sort((one, two) => one.distance - two.distance || (one.candidate < two.candidate ? -1 : 1))
  return scored.slice(0, limit).map((each) => each.candidate)
}

/** Levenshtein distance; both words are short. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= to.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
