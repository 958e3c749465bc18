import { ConfigError, configJsonSchema } from '@llmproxy/core'
import type { ProviderPlugin } from '@llmproxy/provider-kit'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { conditionsOf } from '../load-plugin.ts'
import { StartRefused } from '../start-refused.ts'
import { check } from './check.ts'
import { CommandFailed, type CommandContext } from './command-context.ts'
import { init } from './init.ts'
import { mock } from './mock.ts'
import { linesTo } from './lines-to.ts'
import { listProviders } from './providers.ts'
import { leaveSoon, onHangup, untilSignal } from './signals.ts'
import { start } from './start.ts'

export interface CliOptions extends Partial<Omit<CommandContext, 'version'>> {
  readonly version: string
  readonly plugins?: readonly ProviderPlugin[]
}

/**
 * Runs the `llmproxy` command with the arguments after its name. Resolves with the exit code: 0, 1 when the command failed (a wrong
 * configuration, a refused start), 2 when it was called wrongly. `appUrl`: the `import.meta.url` of the app, where installed
 * plugins are looked for after the configuration's own folder.
 */
export async function runCli(args: readonly string[], options: CliOptions): Promise<number> {
  const context: CommandContext = {
    plugins: [],
    env: process.env,
    cwd: process.cwd(),
    appUrl: import.meta.url,
    conditions: conditionsOf(process.execArgv),
    untilSignal,
    onHangup,
    // Who decides when a command ends, decides what becomes of the process.
    leave: options.untilSignal === undefined ? leaveSoon : () => undefined,
    ...options,
    print: options.print ?? linesTo(process.stdout),
    complain: options.complain ?? linesTo(process.stderr),
  }
  try {
    await commands(context).parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    return failed(error, context)
  }
}

function failed(error: unknown, context: CommandContext): number {
  // Commander has printed its own message by now.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (!(error instanceof CommandFailed || error instanceof StartRefused || ConfigError.is(error))) throw error
  context.complain(error.message)
  return 1
}

const configOption = [
  '-c, --config <file>',
  'the configuration; default: LLMPROXY_CONFIG, ./config.yaml, ./config.yml',
] as const

function commands(context: CommandContext): Command {
  const program = new Command('llmproxy')
    .description('One OpenAI-compatible endpoint in front of every provider.')
    .version(context.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.print(text.trimEnd()),
      writeErr: (text) => context.complain(text.trimEnd()),
    })
    .showHelpAfterError('(llmproxy --help lists the commands)')
  addServers(program, context)
  addConfigCommands(program, context)
  return program
}

function addServers(program: Command, context: CommandContext): void {
  program
    .command('start')
    .description('serve')
    .option(...configOption)
    .option('--host <address>', 'the address to listen on')
    .option('--port <number>', 'the port to listen on', portNumber)
    .action((given: Parameters<typeof start>[1]) => start(context, given))
  program
    .command('mock')
    .description('run a server that plays an upstream')
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('--port <number>', 'the port to listen on', portNumber, 8001)
    .action((given: Parameters<typeof mock>[1]) => mock(context, given))
}

function addConfigCommands(program: Command, context: CommandContext): void {
  program
    .command('check')
    .description('say what is wrong with the configuration, or what it switches on')
    .option(...configOption)
    .option('--probe', 'ask every provider that is on whether it is well, by its free health request')
    .option(
      '--was <file>',
      'the file that a server runs with: say what a reload changes, and what needs a restart',
    )
    .action((given: Parameters<typeof check>[1]) => check(context, given))
  program
    .command('init')
    .description('write a commented config.yaml and .env.example')
    .option('--folder <path>', 'where to; default: here')
    .action((given: Parameters<typeof init>[1]) => init(context, given))
  program
    .command('providers')
    .description('list the plugins at hand and the configured providers')
    .option(...configOption)
    .action((given: Parameters<typeof listProviders>[1]) => listProviders(context, given))
  program
    .command('schema')
    .description('print the JSON Schema of the configuration')
    .action(() => context.print(JSON.stringify(configJsonSchema(), null, 2)))
}

function portNumber(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('a port is a number from 0 to 65535.')
}
