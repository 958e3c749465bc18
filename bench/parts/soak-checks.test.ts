import { describe, expect, it } from 'vitest'
import type { ProcessState } from './process-state.ts'
import { checkSoak, type SoakFindings } from './soak-checks.ts'
import { readCounts } from './soak-metrics.ts'
import { soakRequest } from './soak-request.ts'

const page = `# HELP llmproxy_requests_started_total Requests received.
llmproxy_requests_started_total{operation="chat"} 10
llmproxy_requests_started_total{operation="images"} 1
llmproxy_requests_settled_total{operation="chat",ending="complete"} 8
llmproxy_requests_settled_total{operation="images",ending="complete"} 1
llmproxy_requests_settled_total{operation="chat",ending="client_gone"} 2
llmproxy_requests_in_flight{operation="chat"} 0
`

const state: ProcessState = { heapUsed: 20e6, external: 5e6, rss: 1e8, handles: { TCPServerWrap: 1 } }
const sound: SoakFindings = {
  requests: 11,
  seen: { complete: 9, left: 2 },
  counts: readCounts(page),
  half: state,
  end: state,
}

function failed(changed: Partial<SoakFindings>): string[] {
  return checkSoak({ ...sound, ...changed })
    .filter(({ passed }) => !passed)
    .map(({ name }) => name)
}

describe('the checks of a soak', () => {
  it('pass when nothing is left', () => {
    expect(sound.counts).toMatchObject({ started: 11, settledSum: 11, inFlight: 0 })
    expect(failed({})).toEqual([])
  })

  it('find a request without an ending', () => {
    const counts = { ...sound.counts, settledSum: 10, inFlight: 1 }
    expect(failed({ counts })).toEqual(['every request has one ending', 'nothing is in flight'])
  })

  it('find requests that never arrived, and answers that only one side took for complete', () => {
    expect(failed({ requests: 12, seen: { complete: 10, left: 2 } })).toEqual([
      'every request was started',
      'the gateway and the clients agree on what was complete',
    ])
  })

  it('find memory and handles that grew', () => {
    const end = { ...state, heapUsed: 31e6, external: 16e6, handles: { TCPServerWrap: 1, Timeout: 1 } }
    expect(failed({ end })).toEqual([
      'the heap did not grow',
      'the memory outside of the heap did not grow',
      'the open handles did not grow',
    ])
  })
})

describe('the requests of a soak', () => {
  const requests = Array.from({ length: 26_000 }, (_, index) => soakRequest(index))
  const share = (test: (request: ReturnType<typeof soakRequest>) => boolean): number =>
    requests.filter(test).length / requests.length

  it('are streamed by half, of every kind', () => {
    expect(share(({ stream }) => stream)).toBeCloseTo(0.5, 2)
    expect(share(({ big }) => big)).toBeCloseTo(0.01, 3)
    expect(share(({ big, stream }) => big && stream)).toBeCloseTo(0.005, 3)
    expect(share(({ leaving }) => leaving === 'midway')).toBeCloseTo(0.025, 3)
    expect(share(({ leaving }) => leaving === 'early')).toBeCloseTo(0.025, 3)
  })

  it('meet every fault in both forms', () => {
    const plain = new Set(['mock-chunks-20', 'mock-fixed'])
    const faulty = requests.filter(({ model, leaving }) => leaving === 'never' && !plain.has(model))
    expect(faulty.length / requests.length).toBeCloseTo(0.05, 3)
    expect(new Set(faulty.map(({ model, stream }) => `${model} ${stream}`)).size).toBe(26)
  })
})
