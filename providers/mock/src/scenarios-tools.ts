import type { ScenarioFrames } from './scenario-frames.ts'
import type { Scenario } from './scenario.ts'
import type { Step } from './script.ts'

const cities = [
  { id: 'call_mock_1', name: 'get_weather', arguments: '{"city":"Rome"}' },
  { id: 'call_mock_2', name: 'get_time', arguments: '{"zone":"CET"}' },
] as const

/** How a sender numbers and names the two calls; each call comes as one opening delta and two fragments. */
interface Style {
  index?: (call: number) => object
  first?: (call: (typeof cities)[number]) => object
  later?: (call: (typeof cities)[number]) => object
  finish?: string
}

function twoCalls(f: ScenarioFrames, style: Style): Step[] {
  const index = style.index ?? ((call) => ({ index: call }))
  const first =
    style.first ??
    ((call) => ({ id: call.id, type: 'function', function: { name: call.name, arguments: '' } }))
  const later = style.later ?? (() => ({}))
  const deltas = cities.flatMap((call, at) => [
    f.call({ ...index(at), ...first(call) }),
    ...[call.arguments.slice(0, 6), call.arguments.slice(6)].map((fragment) => {
      const extra = later(call) as { function?: object }
      return f.call({ ...index(at), ...extra, function: { ...extra.function, arguments: fragment } })
    }),
  ])
  return [f.role(), ...deltas, f.finish(style.finish ?? 'tool_calls'), ...f.usage(), f.done()]
}

function tools(name: string, does: string, style: Style): Scenario {
  return {
    name: `tools-${name}`,
    does,
    ending: 'complete',
    text: '',
    toolCalls: cities.map((call) => ({ name: call.name, arguments: call.arguments })),
    finish: 'tool_calls',
    steps: (frames) => twoCalls(frames, style),
  }
}

/** Scenarios about the deltas of tool calls: two calls, `get_weather` and `get_time`. */
export const toolScenarios: readonly Scenario[] = [
  tools('normal', 'Two parallel tool calls, as OpenAI sends them.', {}),
  tools('no-id', 'The calls have no `id`.', {
    first: (call) => ({ type: 'function', function: { name: call.name, arguments: '' } }),
  }),
  tools('no-index', 'The deltas have no `index`; fragments repeat nothing.', { index: () => ({}) }),
  tools('null-name', '`function.name` is null on later deltas.', {
    later: () => ({ function: { name: null } }),
  }),
  tools('repeated-id', '`id` and `type` are repeated on every delta.', {
    later: (call) => ({ id: call.id, type: 'function' }),
  }),
  {
    ...tools('empty-args', 'A call whose arguments stay empty.', {}),
    toolCalls: [{ name: 'get_time', arguments: '' }],
    steps: (f) => [
      f.role(),
      f.call({
        index: 0,
        id: 'call_mock_1',
        type: 'function',
        function: { name: 'get_time', arguments: '' },
      }),
      f.finish('tool_calls'),
      ...f.usage(),
      f.done(),
    ],
  },
  tools('all-index-0', 'Both calls claim `index` 0 and differ by `id` only.', {
    index: () => ({ index: 0 }),
  }),
  tools('first-index-1', '`index` counts from 1.', { index: (call) => ({ index: call + 1 }) }),
  tools('finish-stop', '`finish_reason` is `stop` although tools are called.', { finish: 'stop' }),
]
