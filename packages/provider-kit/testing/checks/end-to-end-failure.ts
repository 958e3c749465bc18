import type { CheckDefinition } from '../check.ts'
import { collectChunks } from '../chunk-sequence.ts'
import { scriptOf, type Stage } from '../end-to-end.ts'
import { isErrorBody } from '../failed-answer.ts'
import { parseSse } from '../sse-parser.ts'
import { decode, decodeAnswer, eventsOf, type OpenCase, parseJson } from '../subject.ts'
import { wireProblems } from '../wire-validator.ts'
import { eachPlayed, errorProblems, eventBlocks, isWellStreamed } from './end-to-end.ts'

export const endToEndFailureChecks: readonly CheckDefinition[] = [
  {
    group: 'end to end',
    name: 'through a gateway a stream that breaks off ends in an error and never in [DONE]',
    why: 'A client must be able to tell half an answer from a whole one.',
    endToEnd: true,
    find: (subject) => eachPlayed(subject, isWellStreamed, brokenOffProblems),
  },
  {
    group: 'end to end',
    name: 'through a gateway a stream that fails ends in an error, and in an error status when nothing came before',
    why: 'As long as nothing has been sent, another provider can be asked.',
    endToEnd: true,
    find: (subject) => eachPlayed(subject, isFailedStream, failedStreamProblems),
  },
]

/** A stream with an error event or an end that is too early. */
function isFailedStream({ fixture }: OpenCase): boolean {
  return fixture.fault !== undefined && fixture.upstream?.sse === true && fixture.upstream.status < 400
}

/** Nothing comes before the failure. */
function failsAtOnce(open: OpenCase): boolean {
  if (open.operation.stream !== undefined) return decodeAnswer(open).chunks.length === 0
  const [first] = eventsOf(open)
  return first?.event === 'error' || isErrorBody(parseJson(first?.data ?? ''))
}

async function brokenOffProblems(open: OpenCase, stage: Stage): Promise<string[]> {
  const blocks = eventBlocks(open)
  const length = beforeTheEnd(open, blocks)
  const problems: string[] = []
  for (const ending of ['end', 'cut'] as const) {
    stage.upstream.play(scriptOf(open.fixture, blocks.slice(0, length), ending))
    const { status, text } = await stage.ask(open.fixture)
    const how = `${ending === 'cut' ? 'cut' : 'closed'} after ${length} of ${blocks.length} events`
    problems.push(...brokenAnswerProblems(status, text).map((problem) => `${how}: ${problem}`))
  }
  return problems
}

/** How many events come before the one that carries the finish reason, or the last one when that is not to be seen. */
function beforeTheEnd(open: OpenCase, blocks: readonly Uint8Array[]): number {
  const events = eventsOf(open)
  const finishes = (chunks: readonly unknown[]): boolean =>
    [...collectChunks(chunks).values()].some(({ finishReasons }) => finishReasons.length > 0)
  const { operation } = open
  const at =
    operation.stream === undefined
      ? events.findIndex((event) => finishes([parseJson(event.data)]))
      : events.findIndex((_, index) => finishes(decode(open, events.slice(0, index + 1)).chunks))
  return at === -1 ? blocks.length - 1 : at
}

function brokenAnswerProblems(status: number, text: string): string[] {
  if (status !== 200) return errorProblems(status, text)
  const events = parseSse(text)
  const last = events.at(-1)?.data ?? ''
  return [
    ...(events.some((event) => event.data === '[DONE]') ? ['the stream ends with [DONE]'] : []),
    ...wireProblems('error', parseJson(last)).map((problem) => `the last event is no error: ${problem}`),
  ]
}

async function failedStreamProblems(open: OpenCase, stage: Stage): Promise<string[]> {
  stage.upstream.play(scriptOf(open.fixture))
  const { status, text } = await stage.ask(open.fixture)
  return failsAtOnce(open) ? errorProblems(status, text) : brokenAnswerProblems(status, text)
}
