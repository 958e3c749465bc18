import { byteByByte, rewrite, type ScenarioFrames, scenarioUsage } from './scenario-frames.ts'
import type { Scenario } from './scenario.ts'
import { type Step, text } from './script.ts'

const hello = 'Hello world'
const failure = { message: 'the mock failed on purpose', type: 'server_error', param: null, code: null }

/** A scenario whose complete reading is `Hello world`. */
function plain(
  name: string,
  does: string,
  steps: (frames: ScenarioFrames) => readonly Step[],
  ending: Scenario['ending'] = 'complete',
): Scenario {
  return { name, does, ending, text: hello, finish: 'stop', steps }
}

const opening = (f: ScenarioFrames): Step[] => [f.role(), f.say('Hello'), f.say(' world')]
const closing = (f: ScenarioFrames): Step[] => [f.finish('stop'), ...f.usage(), f.done()]
const ok = (f: ScenarioFrames): Step[] => [...opening(f), ...closing(f)]
const between = (f: ScenarioFrames, ...steps: Step[]): Step[] => [...opening(f), ...steps, ...closing(f)]

const endings: readonly Scenario[] = [
  plain('ok', 'An ordinary stream.', ok),
  plain('no-done', 'A finish chunk, then a clean end without `[DONE]`.', (f) => [
    ...opening(f),
    f.finish('stop'),
    ...f.usage(),
  ]),
  plain('no-finish', '`[DONE]` without any `finish_reason`.', (f) => [...opening(f), f.done()]),
  plain(
    'cut',
    'The connection closes after two content chunks.',
    (f) => [...opening(f), { kind: 'cut' }],
    'error',
  ),
  plain(
    'clean-end',
    'The body ends cleanly after two content chunks: no finish, no `[DONE]`.',
    opening,
    'error',
  ),
  plain(
    'error-data',
    'A frame with a top-level `error` after two content chunks.',
    (f) => [...opening(f), f.frame({ error: failure })],
    'error',
  ),
  plain(
    'error-event',
    'The same, with `event: error` before it.',
    (f) => [...opening(f), text(`event: error\ndata: ${JSON.stringify({ error: failure })}\n\n`)],
    'error',
  ),
  plain(
    'error-empty-choices',
    'An `error` with a numeric code beside `choices: []`.',
    (f) => [...opening(f), f.chunk({ choices: [], error: { code: 502, message: failure.message } })],
    'error',
  ),
  plain('double-done', '`[DONE]` twice.', (f) => [...ok(f), f.done()]),
  plain('double-finish', 'The finish chunk twice.', (f) => [...opening(f), f.finish('stop'), ...closing(f)]),
  plain('done-stays-open', 'The connection stays open for ten seconds after `[DONE]`.', (f) => [
    ...ok(f),
    { kind: 'wait', milliseconds: 10_000 },
  ]),
]

const members: readonly Scenario[] = [
  plain('no-choices-usage', 'The usage chunk has no `choices` at all.', (f) => [
    ...opening(f),
    f.finish('stop'),
    f.chunk({ usage: scenarioUsage }),
    f.done(),
  ]),
  plain('foreign-object', 'A frame that is neither a chunk nor an error.', (f) =>
    between(f, f.frame({ object: 'telemetry', cost: 0.1 })),
  ),
  plain('empty-choices', 'A chunk with `choices: []` and no usage, in the middle.', (f) =>
    between(f, f.chunk({ choices: [] })),
  ),
  plain(
    'empty-choices-filter',
    'Begins with `choices: []` and content-filter results, as Azure does.',
    (f) => [
      f.chunk({ choices: [], prompt_filter_results: [{ prompt_index: 0, content_filter_results: {} }] }),
      ...ok(f),
    ],
  ),
  plain('no-delta', 'A choice without `delta`.', (f) =>
    between(f, f.chunk({ choices: [{ index: 0, finish_reason: null }] })),
  ),
  plain('usage-null', 'Every chunk has `usage: null`.', (f) => [
    ...['Hello', ' world'].map((content, at) =>
      f.chunk({
        choices: [
          { index: 0, delta: at === 0 ? { role: 'assistant', content } : { content }, finish_reason: null },
        ],
        usage: null,
      }),
    ),
    f.chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: null }),
    ...f.usage(),
    f.done(),
  ]),
  plain('usage-every-chunk', 'Every chunk carries cumulative usage.', (f) => [
    ...['Hello', ' world', ''].map((content, at) =>
      f.chunk({
        choices: [
          {
            index: 0,
            delta: at === 0 ? { role: 'assistant', content } : { content },
            finish_reason: at === 2 ? 'stop' : null,
          },
        ],
        usage: {
          prompt_tokens: 9,
          completion_tokens: Math.min(at + 1, 2),
          total_tokens: 9 + Math.min(at + 1, 2),
        },
      }),
    ),
    f.done(),
  ]),
  plain('finish-empty', '`finish_reason: ""` on every chunk but the last.', (f) => [
    f.delta({ role: 'assistant', content: '' }, ''),
    f.delta({ content: 'Hello' }, ''),
    f.delta({ content: ' world' }, ''),
    ...closing(f),
  ]),
  plain('finish-unknown', 'A `finish_reason` that OpenAI does not have.', (f) => [
    ...opening(f),
    f.finish('eos'),
    ...f.usage(),
    f.done(),
  ]),
  {
    ...plain('reasoning-content', 'Thinks in `delta.reasoning_content`.', (f) => [
      f.role(),
      f.delta({ reasoning_content: 'Let me ' }),
      f.delta({ reasoning_content: 'think.' }),
      f.say(hello),
      ...closing(f),
    ]),
    reasoning: 'Let me think.',
  },
  {
    ...plain('reasoning', 'Thinks in `delta.reasoning`.', (f) => [
      f.role(),
      f.delta({ reasoning: 'Let me ' }),
      f.delta({ reasoning: 'think.' }),
      f.say(hello),
      ...closing(f),
    ]),
    reasoning: 'Let me think.',
  },
]

const wide = 'Grüße, 世界 👩‍👩‍👧'

const writing: readonly Scenario[] = [
  plain('comments', 'SSE comments between all frames.', (f) =>
    ok(f).flatMap((step) => [text(': PROCESSING\n\n'), step]),
  ),
  plain(
    'comment-as-data',
    'A comment that was wrapped in `data:` by mistake.',
    (f) => [text('data: : PROCESSING\n\n'), ...ok(f)],
    'either',
  ),
  plain('crlf', 'Lines end in CR LF.', (f) => rewrite(ok(f), (frame) => frame.replaceAll('\n', '\r\n'))),
  plain('no-space', 'No space after `data:`.', (f) =>
    rewrite(ok(f), (frame) => frame.replace('data: ', 'data:')),
  ),
  plain('bom', 'A byte order mark before the first line.', (f) => [text('\uFEFF'), ...ok(f)]),
  plain('multiline-data', 'One JSON document over several `data:` lines.', (f) =>
    rewrite(ok(f), (frame) =>
      frame.replace('{"id"', '{\ndata: "id"').replace(',"choices"', ',\ndata: "choices"'),
    ),
  ),
  {
    ...plain('utf8-split', 'Multi-byte characters, every byte written on its own.', (f) =>
      byteByByte([f.role(), f.say(wide), ...closing(f)]),
    ),
    text: wide,
  },
]

/** Scenarios about endings, members and the writing of SSE. */
export const streamScenarios: readonly Scenario[] = [...endings, ...members, ...writing]
