import type { ProviderPlugin } from '@llmproxy/provider-kit'

/** What a command may touch. */
export interface CommandContext {
  /** Plugins that need no installation. */
  readonly plugins: readonly ProviderPlugin[]
  readonly version: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** The folder that paths are relative to. */
  readonly cwd: string
  /** Where installed packages are looked for after the configuration's folder: the URL of a module of the app. */
  readonly appUrl: string
  /** Export conditions that Node was started with. */
  readonly conditions: readonly string[]
  /** One line for people, on standard output. */
  readonly print: (line: string) => void
  /** One line about what went wrong, on standard error. */
  readonly complain: (line: string) => void
  /** Resolves when the process is asked to end; `again` runs at the second request. */
  readonly untilSignal: (again: () => void) => Promise<void>
  /** Calls back whenever the process is asked to read its configuration again. */
  readonly onHangup: (callback: () => void) => void
  /** Everything is closed: the process ends soon, even if something keeps it alive. */
  readonly leave: () => void
}

/** The command failed. The message is all that is printed; the exit code is 1. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed'
}
