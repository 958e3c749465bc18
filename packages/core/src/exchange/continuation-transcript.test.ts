import { expect, test } from 'vitest'
import { Transcript } from './continuation-transcript.ts'

const head = { id: 'c1', object: 'chat.completion.chunk', created: 7, model: 'm' }

function frame(delta: object, choice: object = {}): Buffer {
  const choices = [{ index: 0, delta, finish_reason: null, ...choice }]
  return Buffer.from(`data: ${JSON.stringify({ ...head, choices })}\n\n`)
}

const role = frame({ role: 'assistant', content: '' })

function transcriptOf(...frames: readonly Buffer[]): Transcript {
  const transcript = new Transcript()
  for (const bytes of frames) transcript.add(bytes)
  return transcript
}

test('the text is that of the frames, however they were written', () => {
  const frames = [
    role,
    frame({ content: 'Grüße, ' }),
    frame({ content: '世界 \n\n' }),
    frame({ content: '"\\ 😀' }),
  ]
  const said = {
    identity: { id: 'c1', created: 7, model: 'm' },
    text: 'Grüße, 世界 \n\n"\\ 😀',
    pieces: 3,
    reasoned: false,
  }
  expect(transcriptOf(...frames).said()).toEqual(said)
  expect(transcriptOf(Buffer.concat(frames)).said()).toEqual(said)
})

test('frames that come in the meantime are added', () => {
  const transcript = transcriptOf(role, frame({ content: 'a' }))
  expect(transcript.said()?.text).toBe('a')
  transcript.add(frame({ content: 'b' }))
  expect(transcript.said()).toMatchObject({ text: 'ab', pieces: 2 })
})

test.each<{ what: string; delta: object; choice?: object }>([
  { what: 'a tool call', delta: { tool_calls: [{ index: 0, id: 'c', type: 'function' }] } },
  { what: 'a function call', delta: { function_call: { name: 'f' } } },
  { what: 'a refusal', delta: { refusal: 'No' } },
  { what: 'annotations', delta: { annotations: [{ type: 'url_citation' }] } },
  { what: 'sound', delta: { audio: { id: 'a' } } },
  { what: 'content that is no text', delta: { content: [{ type: 'text', text: 'x' }] } },
  { what: 'another choice', delta: { content: 'x' }, choice: { index: 1 } },
  { what: 'the finish', delta: {}, choice: { finish_reason: 'stop' } },
])('$what is nothing to go on with, whatever comes behind it', ({ delta, choice }) => {
  const transcript = transcriptOf(role, frame({ content: 'a' }), frame(delta, choice))
  expect(transcript.said()).toBeUndefined()
  transcript.add(frame({ content: 'b' }))
  expect(transcript.said()).toBeUndefined()
})

test('two choices in one frame are nothing to go on with', () => {
  const choice = { index: 0, delta: { content: 'a' }, finish_reason: null }
  const frame = { ...head, choices: [choice, { ...choice, index: 1 }] }
  expect(transcriptOf(Buffer.from(`data: ${JSON.stringify(frame)}\n\n`)).said()).toBeUndefined()
})

test('members that say nothing, reasoning, and frames without a choice change no text', () => {
  const silent = { content: 'a', refusal: null, tool_calls: [], audio: '', annotations: [] }
  const citations = Buffer.from(`data: ${JSON.stringify({ ...head, choices: [], citations: ['x'] })}\n\n`)
  const plain = transcriptOf(role, frame(silent), citations)
  expect(plain.said()).toMatchObject({ text: 'a', pieces: 1, reasoned: false })
  for (const name of ['reasoning_content', 'reasoning', 'reasoning_details', 'thinking'])
    expect(transcriptOf(frame({ [name]: 'hm' }), frame({ content: 'a' })).said()).toMatchObject({
      text: 'a',
      reasoned: true,
    })
})

test('nothing was given: there is nothing to go on with', () => {
  expect(new Transcript().said()).toBeUndefined()
})

test('a text of more than a mebi of characters is given up, and no longer kept', () => {
  const piece = frame({ content: 'x'.repeat(100_000) })
  const transcript = transcriptOf(...Array.from({ length: 10 }, () => piece))
  expect(transcript.said()?.text).toHaveLength(1_000_000)
  transcript.add(piece)
  expect(transcript.said()).toBeUndefined()
})
