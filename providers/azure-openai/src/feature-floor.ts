/**
 * The first API version that knows a member of a chat request, `response_format.json_schema` and the role `developer` included. What
 * is not here is taken for known to all. Members that came to the format later than `store` cannot be older than it.
 */
export const featureFloor: Readonly<Record<string, string>> = {
  tools: '2023-12-01-preview',
  tool_choice: '2023-12-01-preview',
  seed: '2023-12-01-preview',
  response_format: '2023-12-01-preview',
  'response_format.json_schema': '2024-08-01-preview',
  max_completion_tokens: '2024-09-01-preview',
  parallel_tool_calls: '2024-09-01-preview',
  stream_options: '2024-09-01-preview',
  ...Object.fromEntries(
    [
      'store',
      'metadata',
      'reasoning_effort',
      'messages.developer',
      'service_tier',
      'modalities',
      'audio',
      'prediction',
      'verbosity',
      'safety_identifier',
      'prompt_cache_key',
      'prompt_cache_retention',
      'prompt_cache_options',
      'web_search_options',
      'moderation',
    ].map((name) => [name, '2024-12-01-preview']),
  ),
}

/** Whether an API version knows a feature. */
export type Knows = (feature: string) => boolean

/** `version`: a date, with `-preview` or without, or a word for the newest. `own`: floors of the operator, `false` for none. */
export function knownBy(
  version: string | undefined,
  own: Readonly<Record<string, string | false>> = {},
): Knows {
  const date = dateOf(version)
  return (feature) => {
    const floor = Object.hasOwn(own, feature) ? own[feature] : featureFloor[feature]
    return date === undefined || floor === undefined || floor === false || date >= floor.slice(0, 10)
  }
}

/** The parameters that have a floor. */
export function flooredParameters(own: Readonly<Record<string, unknown>>): readonly string[] {
  return [...new Set([...Object.keys(featureFloor), ...Object.keys(own)])].filter(
    (name) => !name.includes('.') && name !== 'stream_options',
  )
}

function dateOf(version: string | undefined): string | undefined {
  return version !== undefined && /^\d{4}-\d\d-\d\d/.test(version) ? version.slice(0, 10) : undefined
}
