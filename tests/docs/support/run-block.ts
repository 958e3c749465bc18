import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type CodeBlock, root } from './markdown.ts'

/** An empty folder in which the packages of the tests can be imported. */
export class ScratchFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'llmproxy-docs-'))

  constructor() {
    symlinkSync(`${root}tests/node_modules`, join(this.path, 'node_modules'), 'dir')
    this.write('package.json', '{"private":true,"type":"module"}')
  }

  write(name: string, text: string): string {
    const path = join(this.path, name)
    writeFileSync(path, text)
    return path
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** Why blocks of this language cannot run here; `undefined` when they can. */
export function missingTool(language: string): string | undefined {
  if (language === 'sh')
    return works('curl', ['--version']) && works('bash', ['--version']) ? undefined : 'curl'
  if (language === 'python')
    return works('python3', ['-c', 'import openai']) ? undefined : 'python3 with the package openai'
  return undefined
}

function works(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Runs a block against the gateway at `url` instead of the documented address; gives what it prints. Rejects when it fails. */
export async function runBlock({ language, code }: CodeBlock, url: string): Promise<string> {
  using folder = new ScratchFolder()
  const text = code.replaceAll('http://127.0.0.1:8000', url)
  const [command, args] = commandOf(language, text, folder)
  const { stdout } = await promisify(execFile)(command, args, { cwd: folder.path, timeout: 15_000 })
  return stdout
}

function commandOf(language: string, text: string, folder: ScratchFolder): [string, string[]] {
  switch (language) {
    case 'sh':
      return ['bash', ['-euo', 'pipefail', '-c', text]]
    case 'js':
    case 'ts':
      // Our own packages are taken from their sources: nothing need be built.
      return [process.execPath, ['--conditions=@llmproxy/source', folder.write(`block.${language}`, text)]]
    case 'python':
      return ['python3', [folder.write('block.py', text)]]
    default:
      throw new Error(`there is no way to run ${language}`)
  }
}
