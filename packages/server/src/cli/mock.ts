import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { importModule, findPlugin } from '../load-plugin.ts'
import { listenError } from '../listen-error.ts'
import { CommandFailed, type CommandContext } from './command-context.ts'

export interface MockArguments {
  readonly port: number
  readonly host: string
}

interface MockServerModule {
  readonly startMockServer: (
    options: MockArguments,
  ) => Promise<{ readonly url: string; readonly close: () => Promise<void> }>
}

const module = '@llmproxy/provider-mock/server'

/** `llmproxy mock`: a server that plays an upstream, for tests and demonstrations. */
export async function mock(context: CommandContext, place: MockArguments): Promise<void> {
  const found = findPlugin('mock', module, {
    from: [pathToFileURL(join(context.cwd, 'config.yaml')).href, context.appUrl],
    conditions: context.conditions,
  })
  if (found === undefined)
    throw new CommandFailed(`the mock server is not installed: npm install @llmproxy/provider-mock`)
  const { startMockServer } = (await importModule(found.url)) as MockServerModule
  const asked = context.untilSignal(() => process.exit(1))
  const server = await startMockServer(place).catch((error: unknown) => {
    throw listenError(error, place, '--port')
  })
  context.print(`mock upstream listens on ${server.url}`)
  await asked
  await server.close()
}
