import { existsSync, writeFileSync } from 'node:fs'
import { resolve, join } from 'node:path'
import { CommandFailed, type CommandContext } from './command-context.ts'
import { initialFiles } from './initial-files.ts'

/** `llmproxy init`: writes a commented configuration to begin with. Overwrites nothing. */
export async function init(context: CommandContext, { folder = '.' }: { folder?: string }): Promise<void> {
  const target = resolve(context.cwd, folder)
  const files = Object.entries(await initialFiles(context.plugins)).map(
    ([name, text]) => [join(target, name), text] as const,
  )
  const present = files.map(([path]) => path).filter((path) => existsSync(path))
  if (present.length > 0)
    throw new CommandFailed(`nothing was written, because this is already there: ${present.join(', ')}`)
  for (const [path, text] of files) {
    write(path, text)
    context.print(`wrote ${path}`)
  }
  context.print('next: put your keys into .env (a copy of .env.example), then run "llmproxy start"')
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx' })
  } catch (error) {
    throw new CommandFailed(
      `cannot write ${path}: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}`,
      {
        cause: error,
      },
    )
  }
}
