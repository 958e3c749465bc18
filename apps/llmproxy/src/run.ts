import anthropic from '@llmproxy/provider-anthropic'
import mock from '@llmproxy/provider-mock'
import openai from '@llmproxy/provider-openai'
import openaiCompatible from '@llmproxy/provider-openai-compatible'
import { runCli } from '@llmproxy/server'

/** Runs the command with every provider of this app. Resolves with the exit code. */
export function run(args: readonly string[], version: string): Promise<number> {
  return runCli(args, {
    version,
    plugins: [openai, anthropic, openaiCompatible, mock],
    appUrl: import.meta.url,
  })
}
