import type { SseEvent } from '@llmproxy/provider-kit'
import type { CheckDefinition } from '../check.ts'
import { collectChunks } from '../chunk-sequence.ts'
import { clientAnswer } from '../client-answer.ts'
import { differences } from '../difference.ts'
import { isPlayable, onStage, scriptOf, type Stage } from '../end-to-end.ts'
import { answerBytes, eventsOf, openCases, type OpenCase, parseJson, type Subject } from '../subject.ts'
import { isObject } from '../wire-rules.ts'
import { answerProblems, eachPlayed, errorProblems, isWellStreamed } from './end-to-end.ts'
import { says } from './stream-damage.ts'

export const endToEndLineChecks: readonly CheckDefinition[] = [
  {
    group: 'end to end',
    name: 'through a gateway a stream arrives alike however its lines are written, and without its last ones',
    why: 'Proxies change line ends, servers write data over several lines and leave [DONE] or the last blank line out.',
    endToEnd: true,
    find: (subject) => eachPlayed(subject, isSse, lineProblems),
  },
  {
    group: 'end to end',
    name: 'through a gateway the first event of a relayed stream may come twice',
    why: 'Vendors repeat the beginning of a stream; clients add up what comes twice.',
    endToEnd: true,
    find: (subject) => eachPlayed(subject, isRelayed, repeatedStartProblems),
  },
  {
    group: 'end to end',
    name: 'through a gateway an event above 16 MiB is refused, and the gateway goes on',
    why: 'One answer must not take the memory of all.',
    endToEnd: true,
    find: hugeEventProblems,
  },
]

function isSse(open: OpenCase): boolean {
  return isWellStreamed(open) && open.operation.framing === undefined
}

function isRelayed(open: OpenCase): boolean {
  return isSse(open) && open.operation.stream === undefined
}

/** Other ways to write the same events. */
const spellings: Readonly<Record<string, (events: readonly SseEvent[]) => string>> = {
  'CRLF line ends': (events) => written(events).replaceAll('\n', '\r\n'),
  'CR line ends': (events) => written(events).replaceAll('\n', '\r'),
  'a byte order mark': (events) => `\u{feff}${written(events)}`,
  'no space behind data:': (events) => written(events).replaceAll('data: ', 'data:'),
  'data over several lines': (events) => written(events.map(spread)),
  'ids and waits between the data': (events) =>
    written(events).replaceAll('data: ', 'id: 1\nretry: 5\ndata: '),
  'no last blank line': (events) => written(events).replace(/\n$/, ''),
  'no last line end': (events) => written(events).trimEnd(),
  'no [DONE]': (events) => written(events.filter(({ data }) => data !== '[DONE]')),
}

function written(events: readonly SseEvent[]): string {
  return events
    .map(({ event, data }) => {
      const name = event === undefined ? '' : `event: ${event}\n`
      return `${name}${data.replaceAll(/^/gm, 'data: ')}\n\n`
    })
    .join('')
}

/** JSON means the same on several lines. */
function spread(event: SseEvent): SseEvent {
  const value = parseJson(event.data)
  return isObject(value) ? { ...event, data: JSON.stringify(value, null, 1) } : event
}

async function lineProblems(open: OpenCase, stage: Stage): Promise<string[]> {
  const events = eventsOf(open)
  const problems: string[] = []
  for (const [how, spell] of Object.entries(spellings)) {
    const found = await answerProblems(open, stage, [Buffer.from(spell(events))])
    problems.push(...found.map((problem) => `${how}: ${problem}`))
  }
  return problems
}

async function repeatedStartProblems(open: OpenCase, stage: Stage): Promise<string[]> {
  const events = eventsOf(open)
  const first = events.slice(0, 1)
  const begun = [...collectChunks(first.map(({ data }) => parseJson(data))).values()]
  if (begun.some(says) || open.fixture.operation !== 'chat') return []
  const ask = async (sent: readonly SseEvent[]) => {
    stage.upstream.play(scriptOf(open.fixture, [Buffer.from(written(sent))]))
    return stage.ask(open.fixture)
  }
  const golden = await ask(events)
  const { status, text } = await ask([...first, ...events])
  if (status !== 200) return errorProblems(status, text)
  const collected = (answer: string) => [...collectChunks(clientAnswer(open.fixture, answer).chunks ?? [])]
  return differences(collected(golden.text), collected(text))
}

async function hugeEventProblems(subject: Subject): Promise<string[]> {
  const [open] = await openCases(subject, (one) => isPlayable(one) && isWellStreamed(one))
  if (open === undefined) return []
  return onStage(subject, open.fixture, async (stage) => {
    const huge = Buffer.alloc(16 * 1024 * 1024 + 1, '{')
    const start = open.operation.framing === undefined ? Buffer.from('data: ') : Buffer.alloc(0)
    stage.upstream.play(scriptOf(open.fixture, [start, huge]))
    const { status, text } = await stage.ask(open.fixture)
    const problems = errorProblems(status, text)
    if (status !== 502) problems.push(`status ${status} instead of 502`)
    const after = await answerProblems(open, stage, [answerBytes(open.fixture)])
    return [...problems, ...after.map((problem) => `the next answer: ${problem}`)].map(
      (problem) => `${open.fixture.name}: ${problem}`,
    )
  })
}
