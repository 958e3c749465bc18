/** What the gateway says about its requests, from its Prometheus page. */
export interface RequestCounts {
  readonly started: number
  readonly inFlight: number
  /** By ending. */
  readonly settled: Readonly<Record<string, number>>
  readonly settledSum: number
}

export async function requestCounts(port: number, key: string): Promise<RequestCounts> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, {
    headers: { authorization: `Bearer ${key}`, accept: 'text/plain', connection: 'close' },
  })
  return readCounts(await response.text())
}

/** Adds up the samples over all operations. */
export function readCounts(page: string): RequestCounts {
  const counts = { started: 0, inFlight: 0, settledSum: 0 }
  const settled: Record<string, number> = {}
  for (const [, name, labels = '', value] of page.matchAll(/^(llmproxy_requests_\w+)\{([^}]*)\} (\S+)$/gm)) {
    const number = Number(value)
    if (name === 'llmproxy_requests_started_total') counts.started += number
    else if (name === 'llmproxy_requests_in_flight') counts.inFlight += number
    else if (name === 'llmproxy_requests_settled_total') {
      const ending = /ending="(\w+)"/.exec(labels)?.[1] ?? 'unknown'
      settled[ending] = (settled[ending] ?? 0) + number
      counts.settledSum += number
    }
  }
  return { ...counts, settled }
}
