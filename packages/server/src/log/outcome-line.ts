import type { Outcome } from '@llmproxy/core'

/** The fields of the one log line of a request: who, what, where, how it ended and what it cost. Never what was said. */
export function outcomeLine(outcome: Outcome): Readonly<Record<string, unknown>> {
  const { usage } = outcome
  return {
    request_id: outcome.requestId,
    operation: outcome.operation,
    model: outcome.model,
    stream: outcome.stream,
    caller: outcome.caller,
    provider: outcome.provider,
    upstream_model: outcome.upstreamModel,
    status: outcome.status,
    ending: outcome.ending,
    attempts: outcome.attempts.length,
    duration_ms: round(outcome.durationMs),
    overhead_ms: round(outcome.overheadMs),
    ttft_ms: outcome.firstChunkMs === null ? null : round(outcome.firstChunkMs),
    tokens: usage && { input: usage.input, output: usage.output, total: usage.total },
    error_code: outcome.errorCode,
    ...droppedFields(outcome),
    ...condensedField(outcome),
    ...(outcome.continuation === undefined ? {} : { continuation: outcome.continuation }),
    ...(outcome.repairedFrames > 0 ? { repaired_frames: outcome.repairedFrames } : {}),
    ...keyField(outcome.attempts.at(-1)?.key),
    ...failures(outcome),
    ...passedOver(outcome),
  }
}

// Clients choose the names, and how many they are.
const mostNames = 20
const longestName = 100

function droppedFields({ dropped }: Outcome): Readonly<Record<string, unknown>> {
  if (dropped.length === 0) return {}
  const names = dropped.slice(0, mostNames).map((name) => name.slice(0, longestName))
  return { dropped: names, ...(dropped.length > mostNames ? { dropped_count: dropped.length } : {}) }
}

// `tokens` of the line are those of the answer; those of the summary stand here.
function condensedField({ condensed }: Outcome): Readonly<Record<string, unknown>> {
  if (condensed === undefined) return {}
  const { kind, from, to, source, reason, spent } = condensed
  return {
    condensed: {
      kind,
      from: Math.round(from),
      to: Math.round(to),
      ...(source === undefined ? {} : { source }),
      ...(reason === undefined ? {} : { reason }),
      ...(spent === undefined
        ? {}
        : { calls: spent.calls, tokens: { input: spent.inputTokens, output: spent.outputTokens } }),
    },
  }
}

// Named after `api_key_env`, of which it is one. Lines with a field `key` would be looked through for secrets.
function keyField(variable: string | undefined): Readonly<Record<string, unknown>> {
  return variable === undefined ? {} : { key_env: variable }
}

function failures({ attempts }: Outcome): Readonly<Record<string, unknown>> {
  const failed = attempts.filter((attempt) => attempt.fault !== undefined)
  if (failed.length === 0) return {}
  return {
    faults: failed.map(({ provider, model, fault, key }) => ({
      provider,
      model,
      ...keyField(key),
      kind: fault?.kind,
      phase: fault?.phase,
      status: fault?.status,
      message: fault?.message.slice(0, 300),
    })),
  }
}

function passedOver({ skipped = [] }: Outcome): Readonly<Record<string, unknown>> {
  if (skipped.length === 0) return {}
  return { skipped: skipped.map(({ provider, model, fault }) => ({ provider, model, reason: fault?.code })) }
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100
}
