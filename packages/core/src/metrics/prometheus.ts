import { faultKinds, type OperationName, operationNames } from '@llmproxy/provider-kit'
import type { BreakerState } from '../resilience/breaker.ts'
import { condensationFamilies, summaryHistogram } from './condensation-families.ts'
import type { Histogram } from './histogram.ts'
import type { LedgerSnapshot, Series, TokenType } from './ledger.ts'
import { continuationResults, endings, timeoutPhases } from './outcome.ts'
import {
  type Family,
  familyText,
  type HistogramFamily,
  histogramText,
  type Labels,
  type PrometheusFormat,
  type Sample,
} from './prometheus-text.ts'

export type { PrometheusFormat } from './prometheus-text.ts'

/** The `content-type` of each format. */
export const prometheusContentTypes: Readonly<Record<PrometheusFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

const breakerValues: Readonly<Record<BreakerState, number>> = { closed: 0, half_open: 1, open: 2 }

/** `gen_ai.operation.name` of the OpenTelemetry GenAI conventions, where they name one. */
const otelOperations: Readonly<Record<OperationName, string>> = {
  chat: 'chat',
  completions: 'text_completion',
  embeddings: 'embeddings',
  images: 'images',
  videos: 'videos',
  // The Messages dialect is a chat as well, but what it costs and how it fails differ.
  messages: 'messages',
}

const tokenTypes: readonly TokenType[] = ['input', 'output', 'cache_read', 'cache_write', 'reasoning']

/** The ledger for a Prometheus scrape: OpenTelemetry GenAI names for what they cover, `llmproxy_` for the rest. */
export function prometheus(ledger: LedgerSnapshot, format: PrometheusFormat = 'text'): string {
  const own = [
    ...requestFamilies(ledger),
    ...condensationFamilies(ledger.condensation),
    ...providerFamilies(ledger),
  ]
  const taken = new Set(own.map(({ name }) => name))
  // A scraper refuses a page on which a family stands twice.
  const families = [
    ...own,
    ...gaugeFamilies(ledger).filter(({ name, samples }) => samples.length > 0 && !taken.has(name)),
  ]
  return [
    ...histograms(ledger.series).map(histogramText),
    histogramText(summaryHistogram(ledger.condensation)),
    ...families.map((family) => familyText(family, format)),
    ...(format === 'openmetrics' ? ['# EOF\n'] : []),
  ].join('')
}

function histograms(all: readonly Series[]): HistogramFamily[] {
  const family = (name: string, help: string, pick: (series: Series) => Histogram): HistogramFamily => ({
    name,
    help,
    series: all.map((series) => ({ labels: otelLabels(series), histogram: pick(series) })),
  })
  return [
    family(
      'gen_ai_client_operation_duration_seconds',
      'Duration of requests that reached a provider, streams to their end.',
      ({ duration }) => duration,
    ),
    family(
      'gen_ai_client_operation_time_to_first_chunk_seconds',
      'Time from the request to the first content of its stream.',
      ({ firstChunk }) => firstChunk,
    ),
    {
      name: 'gen_ai_client_token_usage',
      help: 'Tokens of each request whose usage is known.',
      series: all.flatMap((series) => [
        { labels: { ...otelLabels(series), gen_ai_token_type: 'input' }, histogram: series.inputTokens },
        { labels: { ...otelLabels(series), gen_ai_token_type: 'output' }, histogram: series.outputTokens },
      ]),
    },
  ]
}

function otelLabels({ provider, model, operation }: Series): Labels {
  return {
    gen_ai_operation_name: otelOperations[operation],
    gen_ai_provider_name: provider,
    gen_ai_request_model: model,
  }
}

function requestFamilies(ledger: LedgerSnapshot): Family[] {
  const byOperation = (value: (operation: OperationName) => number): Sample[] =>
    operationNames.map((operation) => ({ labels: { operation }, value: value(operation) }))
  const settled = (operation: OperationName): number =>
    endings.reduce((sum, ending) => sum + ledger.settled[operation][ending], 0)
  return [
    counter(
      'llmproxy_requests_started',
      'Requests received.',
      byOperation((name) => ledger.started[name]),
    ),
    counter(
      'llmproxy_requests_settled',
      'Requests ended, by how.',
      operationNames.flatMap((operation) =>
        endings.map((ending) => ({
          labels: { operation, ending },
          value: ledger.settled[operation][ending],
        })),
      ),
    ),
    gauge(
      'llmproxy_requests_in_flight',
      'Requests started and not ended.',
      byOperation((name) => ledger.started[name] - settled(name)),
    ),
    counter(
      'llmproxy_requests_rate_limited',
      'Requests refused by a rate limit of the gateway.',
      byOperation((name) => ledger.rateLimited[name]),
    ),
    counter(
      'llmproxy_stream_continuations',
      'Streams that broke off and might have been continued, by the result.',
      continuationResults.map((result) => ({ labels: { result }, value: ledger.continuations[result] })),
    ),
    counter('llmproxy_repaired_frames', 'Stream frames dropped or repaired.', single(ledger.repairedFrames)),
    counter(
      'llmproxy_config_reloads',
      'Reloads of the configuration that succeeded.',
      single(ledger.reloads),
    ),
    gauge(
      'llmproxy_config_reload_failed',
      '1 when the last reload was refused: what serves is older than the file.',
      single(Number(ledger.reloadFailed)),
    ),
    counter(
      'llmproxy_config_reload_failures',
      'Reloads refused because of a faulty configuration.',
      single(ledger.reloadFailures),
    ),
    counter(
      'llmproxy_store_failures',
      'Calls of the store shared by several instances that failed.',
      Object.entries(ledger.storeFailures).map(([how, value]) => ({ labels: { how }, value })),
    ),
  ]
}

function providerFamilies({
  providers,
  series,
  skips,
  breakers,
  openings,
  checks,
}: LedgerSnapshot): Family[] {
  return [
    counter(
      'llmproxy_attempts',
      'Upstream requests, by the kind of their fault.',
      providers.flatMap(({ provider, faults }) =>
        (['none', ...faultKinds] as const)
          .filter((fault) => fault === 'none' || faults[fault] > 0)
          .map((fault) => ({ labels: { provider, fault }, value: faults[fault] })),
      ),
    ),
    counter(
      'llmproxy_timeouts',
      'Upstream requests that a time limit of the gateway ended, by the limit.',
      providers.flatMap(({ provider, timeouts }) =>
        timeoutPhases.map((phase) => ({ labels: { provider, phase }, value: timeouts[phase] })),
      ),
    ),
    counter(
      'llmproxy_skipped',
      'Providers passed over without a request, by the reason.',
      skips.map(({ provider, reason, count }) => ({ labels: { provider, reason }, value: count })),
    ),
    counter(
      'llmproxy_tokens',
      'Tokens reported by providers. Cached ones are part of the input, reasoning ones of the output.',
      series.flatMap(({ provider, model, operation, tokens }) =>
        tokenTypes.map((type) => ({ labels: { provider, model, operation, type }, value: tokens[type] })),
      ),
    ),
    gauge(
      'llmproxy_breaker_state',
      'Circuit breaker of a deployment: 0 closed, 1 half open, 2 open.',
      breakers.map(({ provider, model, state }) => ({
        labels: { provider, model },
        value: breakerValues[state],
      })),
    ),
    counter(
      'llmproxy_breaker_opened',
      'Times that a circuit breaker of a model has opened, after failed probes too.',
      openings.map(({ provider, model, count }) => ({ labels: { provider, model }, value: count })),
    ),
    counter(
      'llmproxy_health_checks',
      'Background health checks, by their result; they are part of no other metric.',
      checks.map(({ provider, result, count }) => ({ labels: { provider, result }, value: count })),
    ),
  ]
}

function gaugeFamilies({ gauges }: LedgerSnapshot): Family[] {
  return gauges.map(({ name, help, read }) => {
    const value = read()
    return gauge(name, help, typeof value === 'number' ? single(value) : value)
  })
}

function single(value: number): Sample[] {
  return [{ labels: {}, value }]
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: 'counter', samples }
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: 'gauge', samples }
}
