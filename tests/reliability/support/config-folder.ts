import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from '@llmproxy/server'
import openaiCompatible from '@llmproxy/provider-openai-compatible'
import { onTestFinished } from 'vitest'
import { until } from './fake-upstream.ts'

/** The ways in which a configuration file comes to be another one. */
export interface ConfigFolder {
  readonly path: string
  /** Where the configuration should send the log. */
  readonly logFile: string
  /** As editors and deployment tools do: written beside it, then renamed. */
  readonly rename: (text: string) => void
  /** As `cp` and a bind mount do: the same file, written anew. */
  readonly overwrite: (text: string) => void
  /** As Kubernetes does with a ConfigMap: the link above the file is pointed to another folder. */
  readonly swapLink: (text: string) => void
  /** A folder in its place, which nobody can read. */
  readonly unreadable: () => void
  readonly remove: () => void
  readonly dotEnv: (text: string) => void
  readonly log: () => readonly LogLine[]
}

export interface LogLine {
  readonly level: string
  readonly msg: string
  readonly [field: string]: unknown
}

/** An empty folder for a configuration. */
export function configFolder(): ConfigFolder {
  const folder = mkdtempSync(join(tmpdir(), 'llmproxy-reload-'))
  const path = join(folder, 'config.yaml')
  const logFile = join(folder, 'log')
  let versions = 0
  const inNewFolder = (content: string) => {
    const version = `..${(versions += 1)}`
    mkdirSync(join(folder, version))
    writeFileSync(join(folder, version, 'config.yaml'), content)
    return version
  }
  const remove = () => rmSync(path, { recursive: true, force: true })
  return {
    path,
    logFile,
    remove,
    rename(content) {
      if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) remove()
      writeFileSync(`${path}.new`, content)
      renameSync(`${path}.new`, path)
    },
    overwrite: (content) => writeFileSync(path, content),
    swapLink(content) {
      const version = inNewFolder(content)
      symlinkSync(version, join(folder, '..data_tmp'))
      renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
      if (lstatSync(path).isSymbolicLink()) return
      symlinkSync('..data/config.yaml', `${path}.new`)
      renameSync(`${path}.new`, path)
    },
    unreadable() {
      remove()
      mkdirSync(path)
    },
    dotEnv: (content) => writeFileSync(join(folder, '.env'), content),
    log() {
      if (!existsSync(logFile)) return []
      const lines = readFileSync(logFile, 'utf8').split('\n').slice(0, -1)
      return lines.map((line) => JSON.parse(line) as LogLine)
    },
  }
}

/** `llmproxy start` in this process. Closed with the test. */
export async function startFrom(folder: ConfigFolder) {
  const printed: string[] = []
  let end = () => {}
  let hangup = () => {}
  const ended = new Promise<void>((resolve) => (end = resolve))
  const code = runCli(['start', '--config', folder.path], {
    version: 'test',
    plugins: [openaiCompatible],
    env: {},
    cwd: join(folder.path, '..'),
    appUrl: import.meta.url,
    print: (line) => void printed.push(line),
    complain: (line) => void printed.push(line),
    untilSignal: () => ended,
    onHangup: (callback) => (hangup = callback),
  })
  const close = () => {
    end()
    return code
  }
  onTestFinished(() => void close())
  const listens = () => /listens on (\S+)/.exec(printed.join('\n'))?.[1]
  const url = await Promise.race([
    until(listens),
    code.then(() => Promise.reject(new Error(printed.join('\n')))),
  ])
  return { url, close, hangup: () => hangup() }
}
