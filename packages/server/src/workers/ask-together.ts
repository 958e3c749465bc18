/**
 * `ask`, never more than once at a time: callers that come while it runs share one run that begins after it, so that what they get
 * is not older than their question.
 */
export function askTogether<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  let running: Promise<Answer> | undefined
  let next: Promise<Answer> | undefined
  const run = (): Promise<Answer> => {
    next = undefined
    const now = ask().finally(() => {
      if (running === now) running = undefined
    })
    running = now
    return now
  }
  return () => (running === undefined ? run() : (next ??= running.then(run, run)))
}
