import { runCli } from '@llmproxy/server'
import { plugins } from './plugins.ts'

/** Runs the command with every provider of this app. Resolves with the exit code. */
export function run(args: readonly string[], version: string): Promise<number> {
  return runCli(args, { version, plugins, appUrl: import.meta.url })
}
