const signals = ['SIGTERM', 'SIGINT'] as const

/** Resolves at the first request to end the process; `again` runs at the next one. */
export function untilSignal(again: () => void): Promise<void> {
  return new Promise((resolve) => {
    let asked = false
    for (const signal of signals) {
      process.on(signal, () => {
        if (asked) again()
        asked = true
        resolve()
      })
    }
  })
}
