import { mendedAnswers, withFunctionCalls } from '@llmproxy/provider-kit'
import { ollamaFault } from './fault.ts'

/** Answers are OpenAI's but for the reasoning, which the kit moves, and errors that are texts. */
export const answers = withFunctionCalls(mendedAnswers({ fault: ollamaFault }))
