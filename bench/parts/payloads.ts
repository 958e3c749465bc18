/** What the upstream answers, selected by the model of the request: everything is computed once, before any measurement. */

const wholeText =
  'Benchmarks compare a gateway with the least that a proxy can do, on one machine and in one run, because absolute figures ' +
  'of one machine say little about another. A ratio of medians does.'

const created = 1_700_000_000

/** A chat completion of about 600 bytes. */
export const wholeAnswer: Buffer = Buffer.from(
  JSON.stringify({
    id: 'chatcmpl-bench-0123456789abcdef',
    object: 'chat.completion',
    created,
    model: 'bench-whole',
    system_fingerprint: 'fp_0123456789',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: wholeText, refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: {
      prompt_tokens: 31,
      completion_tokens: 52,
      total_tokens: 83,
      prompt_tokens_details: { cached_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0 },
    },
  }),
)

function frame(delta: object, finish: string | null): Buffer {
  const chunk = {
    id: 'chatcmpl-bench-0123456789abcdef',
    object: 'chat.completion.chunk',
    created,
    model: 'bench-stream',
    system_fingerprint: 'fp_0123456789',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  }
  return Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`)
}

/** The content frames of a stream in turn: tokens of different lengths, some with characters that JSON escapes. */
export const contentFrames: readonly Buffer[] = [
  ' Ben',
  'chmarks',
  ' com',
  'pare',
  ' "a"',
  ' ratio',
  '\n',
  '.',
].map((content) => frame({ content }, null))

export const firstFrame: Buffer = frame({ role: 'assistant', content: '' }, null)
export const finishFrame: Buffer = frame({}, 'stop')
export const usageFrame: Buffer = Buffer.from(
  `data: {"id":"chatcmpl-bench-0123456789abcdef","object":"chat.completion.chunk","created":${created},"model":"bench-stream",` +
    `"choices":[],"usage":{"prompt_tokens":31,"completion_tokens":52,"total_tokens":83}}\n\n`,
)
export const doneFrame: Buffer = Buffer.from('data: [DONE]\n\n')

/** The bytes of a stream's content frames: the least that a client must receive. */
export function contentBytes(frames: number): number {
  let bytes = 0
  for (let index = 0; index < frames; index++) bytes += contentFrames[index % contentFrames.length]!.length
  return bytes
}

/** The body of a small chat request, about 300 bytes. */
export function requestBody(model: string, stream: boolean): Buffer {
  return Buffer.from(
    JSON.stringify({
      model,
      messages: [
        { role: 'system', content: 'You answer in one short paragraph, in plain words.' },
        {
          role: 'user',
          content: 'Why are benchmarks of proxies given as ratios, and not as requests per second?',
        },
      ],
      temperature: 0.2,
      max_tokens: 256,
      ...(stream && { stream: true }),
    }),
  )
}
