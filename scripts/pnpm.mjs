// Runs a workspace script through pnpm: the pnpm that called us, else the pinned version through npx.
// Plain JavaScript without dependencies, because it runs before anything is installed, on Node 20 or later.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const { devEngines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const version = devEngines.packageManager.version
const windows = process.platform === 'win32'

/** The command and leading arguments that start pnpm. */
function pnpmCommand() {
  const caller = process.env.npm_execpath ?? ''
  if (/pnpm[^/\\]*$/.test(caller)) {
    return /\.[cm]?js$/.test(caller) ? [process.execPath, caller] : [caller]
  }
  return [windows ? 'npx.cmd' : 'npx', '--yes', `pnpm@${version}`]
}

/** turbo looks for a `pnpm` on PATH: a shim in node_modules makes sure that it finds this one. */
function shimFolder(command) {
  const folder = join(root, 'node_modules', '.llmproxy-bin')
  mkdirSync(folder, { recursive: true })
  const quoted = command.map((part) => JSON.stringify(part)).join(' ')
  if (windows) writeFileSync(join(folder, 'pnpm.cmd'), `@echo off\r\n${quoted} %*\r\n`)
  else {
    const file = join(folder, 'pnpm')
    writeFileSync(file, `#!/bin/sh\nexec ${quoted} "$@"\n`)
    chmodSync(file, 0o755)
  }
  return folder
}

/** Runs pnpm with these arguments to its end and returns its exit code. */
export function runPnpm(arguments_) {
  const command = pnpmCommand()
  const [executable, ...leading] = command
  const child = spawnSync(executable, [...leading, ...arguments_], {
    cwd: root,
    env: {
      ...process.env,
      PATH: [shimFolder(command), process.env.PATH].join(delimiter),
      TURBO_TELEMETRY_DISABLED: '1',
      DO_NOT_TRACK: '1',
      NO_UPDATE_NOTIFIER: '1',
    },
    stdio: 'inherit',
    shell: windows,
  })
  if (child.error) {
    console.error(`cannot start pnpm (${command.join(' ')}): ${child.error.message}`)
    return 1
  }
  return child.status ?? 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit(runPnpm(process.argv.slice(2)))
