import type { Behaviour } from './model-name.ts'
import { created, openaiUsage } from './openai-chat.ts'
import { isObject, type JsonObject } from './schema-instance.ts'
import type { Script } from './script.ts'
import { type Frame, streamScript } from './stream-frames.ts'
import { type Conversation, takeTurn, type Turn } from './turn.ts'
import { wholeScript } from './whole-answer.ts'

/** Answers a checked legacy completions body: `n` choices for each prompt, in the order of the prompts. */
export function answerCompletions(body: JsonObject, behaviour: Behaviour): Script {
  const turns = promptTexts(body.prompt).flatMap((prompt) => {
    const turn = takeTurn(conversationOf(prompt, body), behaviour)
    return Array.from({ length: Number(body.n ?? 1) }, () => turn)
  })
  const head = { id: 'cmpl-mock', object: 'text_completion', created, model: body.model }
  const usage = turns.length === 1 && turns[0] ? openaiUsage(turns[0], 1) : sumUsage(turns)
  const reported = behaviour['no-usage'] ? {} : { usage }
  if (body.stream !== true) {
    const choices = turns.map((turn, index) =>
      choice(index, turn.text, behaviour['no-finish'] ? null : finishOf(turn)),
    )
    return wholeScript({ ...head, choices, ...reported }, behaviour, 'openai')
  }
  const asked =
    isObject(body.stream_options) && body.stream_options.include_usage === true && 'usage' in reported
  const frame = (part: Frame['part'], members: object): Frame => ({
    part,
    text: `data: ${JSON.stringify({ ...head, ...members })}\n\n`,
  })
  const quiet = asked ? { usage: null } : {}
  return streamScript(
    [
      ...turns.flatMap((turn, index) => [
        ...turn.pieces.map((piece) => frame('content', { choices: [choice(index, piece, null)], ...quiet })),
        frame('finish', { choices: [choice(index, '', finishOf(turn))], ...quiet }),
      ]),
      ...(asked ? [frame('usage', { choices: [], ...reported })] : []),
      { part: 'done', text: 'data: [DONE]\n\n' },
    ],
    behaviour,
    'openai',
  )
}

function choice(index: number, text: string, finish: string | null): object {
  return { text, index, logprobs: null, finish_reason: finish }
}

/** Legacy completions have no tools: there is no `tool_calls` to finish with. */
function finishOf(turn: Turn): string {
  return turn.finish === 'tool_calls' ? 'stop' : turn.finish
}

function sumUsage(turns: readonly Turn[]): object {
  const prompt = turns.reduce((sum, turn) => sum + turn.usage.prompt, 0)
  const completion = turns.reduce((sum, turn) => sum + turn.usage.completion, 0)
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion }
}

/** Every prompt as text; token arrays are written as their numbers, four characters for each. */
export function promptTexts(prompt: unknown): readonly string[] {
  if (typeof prompt === 'string') return [prompt]
  if (!Array.isArray(prompt)) return []
  if (prompt.every((item) => typeof item === 'number')) return [tokenText(prompt)]
  return prompt.map((item: unknown) => (Array.isArray(item) ? tokenText(item) : String(item)))
}

function tokenText(tokens: readonly unknown[]): string {
  return tokens.map((token) => String(token).padEnd(4)).join('')
}

function conversationOf(prompt: string, body: JsonObject): Conversation {
  return {
    lastUserText: prompt,
    characters: prompt.length,
    everything: () => prompt,
    tools: [],
    toolsForbidden: true,
    ...(typeof body.max_tokens === 'number' && { maxTokens: body.max_tokens }),
  }
}
