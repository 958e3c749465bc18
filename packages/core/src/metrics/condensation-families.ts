import type { CondensationCounts } from './condensation-counters.ts'
import type { Family, HistogramFamily, Sample } from './prometheus-text.ts'

/** The counters of condensation for a Prometheus scrape. */
export function condensationFamilies(counts: CondensationCounts): Family[] {
  return [
    counter(
      'llmproxy_condensations',
      'Requests that did not fit their model, by what was done to them.',
      byLabel('kind', counts.condensed),
    ),
    counter(
      'llmproxy_condensation_tokens_saved',
      'Tokens of prompts that condensation kept from being sent.',
      [{ labels: {}, value: counts.tokensSaved }],
    ),
    counter(
      'llmproxy_summaries',
      'Summaries that stood in requests, by where they came from.',
      byLabel('source', counts.sources),
    ),
    counter(
      'llmproxy_summary_failures',
      'Summaries that came to nothing, by the reason.',
      byLabel('reason', counts.failures),
    ),
    counter(
      'llmproxy_summary_tokens',
      'Tokens that summaries took, also those that came to nothing. They are part of llmproxy_tokens.',
      byLabel('type', counts.spent),
    ),
  ]
}

/** How long summaries take. */
export function summaryHistogram({ seconds }: CondensationCounts): HistogramFamily {
  return {
    name: 'llmproxy_summary_seconds',
    help: 'Time that a summary took, all of its calls together, also when it came to nothing.',
    series: [{ labels: {}, histogram: seconds }],
  }
}

function byLabel(label: string, counts: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(counts).map(([name, value]) => ({ labels: { [label]: name }, value }))
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: 'counter', samples }
}
