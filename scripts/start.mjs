// `npm start`: installs and builds what is missing, then runs the server as a direct child, so that signals reach it.
// Plain JavaScript, because it runs before anything is installed.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { root, runPnpm } from './pnpm.mjs'

const built = runPnpm(['run', '--silent', 'build:app'])
if (built !== 0) process.exit(built)

// The Node that came from the registry; where there is none for the platform, the one that runs this script.
const own = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node')
const server = spawn(
  existsSync(own) ? own : process.execPath,
  [join(root, 'apps', 'llmproxy', 'dist', 'main.js'), 'start', ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' },
)

// Once: a second signal ends the server in the middle of its answers.
let told = false

// A terminal sends SIGINT to the whole group, the server included: sending it on would count as the second one, which ends
// the server at once. SIGTERM comes to one process.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => {
  told = true
  server.kill('SIGTERM')
})

// A package manager that is killed does not tell its scripts: the server must not stay behind on its port.
const parent = process.ppid
setInterval(() => {
  if (told || process.ppid === parent) return
  told = true
  server.kill('SIGTERM')
}, 500).unref()

server.on('error', (error) => {
  console.error(`cannot start the server: ${error.message}`)
  process.exit(1)
})
server.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
