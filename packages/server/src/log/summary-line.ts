import type { SummaryReport } from '@llmproxy/core'

/** The fields of the log line of a summary: for whom it was made, by whom, and what it cost. Never what it says. */
export function summaryLine(report: SummaryReport): Readonly<Record<string, unknown>> {
  return {
    request_id: report.requestId,
    caller: report.caller,
    model: report.model,
    provider: report.provider,
    background: report.background,
    calls: report.calls,
    tokens: { input: report.inputTokens, output: report.outputTokens },
    duration_ms: Math.round(report.durationMs * 100) / 100,
    ...(report.failure === undefined ? {} : { failure: report.failure }),
  }
}
