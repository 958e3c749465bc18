import { type Call, type ChatCompletion, type ChatRequest, mendedAnswers } from '@llmproxy/provider-kit'
import { perplexityFault } from './fault.ts'
import { annotationsOf, sourcesOf } from './sources.ts'
import { ThinkSplitter } from './thinking.ts'
import { mendUsage } from './usage.ts'

/** A whole answer in OpenAI's form, with the sources in both forms. `split`: a leading `<think>` block is reasoning. */
export function completionOf(body: unknown, call: Call<ChatRequest>, split: boolean): ChatCompletion {
  let answer = {}
  return mendedAnswers({
    frame(frame) {
      frame['perplexity_sources'] = sourcesOf(frame)
      answer = frame
      // Some whole answers repeat themselves as a delta.
      const { choices } = frame
      if (Array.isArray(choices))
        for (const choice of choices) delete (choice as { delta?: unknown } | null)?.delta
    },
    message(message) {
      const { content } = message
      if (typeof content !== 'string') return
      const told = split ? taken(content) : { reasoning: '', content }
      message['content'] = told.content
      if (told.reasoning !== '') message['reasoning_content'] = told.reasoning
      const annotations = annotationsOf(told.content, answer)
      if (annotations.length > 0) message['annotations'] = annotations
    },
    usage: mendUsage,
    fault: perplexityFault,
  }).response(body, call)
}

function taken(text: string): { reasoning: string; content: string } {
  const splitter = new ThinkSplitter()
  const first = splitter.push(text)
  const rest = splitter.end()
  return { reasoning: first.reasoning + rest.reasoning, content: first.content + rest.content }
}
