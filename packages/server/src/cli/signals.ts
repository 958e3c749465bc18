import { closeSync, openSync } from 'node:fs'
import { isatty } from 'node:tty'

const signals = ['SIGTERM', 'SIGINT'] as const

/** Resolves at the first request to end the process; `again` runs at the next one. */
export function untilSignal(again: () => void): Promise<void> {
  return new Promise((resolve) => {
    let asked = false
    for (const signal of signals) {
      process.on(signal, () => {
        if (asked) again()
        asked = true
        resolve()
      })
    }
  })
}

/**
 * Calls back at every SIGHUP. Windows sends one when the console of the process is closed, which is a request to end and left to
 * what it does by itself. A terminal that goes away sends one, too: whoever was started from it ends as if there were no callback.
 */
export function onHangup(callback: () => void): void {
  if (process.platform === 'win32') return
  // Not under `nohup`: there the terminal may go, and standard input is another.
  const fromTerminal = isatty(0) && terminalIsThere()
  process.on('SIGHUP', () => {
    if (fromTerminal && !terminalIsThere()) process.kill(process.pid, 'SIGTERM')
    else callback()
  })
}

/** The terminal that controls the process can be opened until it hangs up. */
function terminalIsThere(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}

// What is written to standard output, and taken by its reader, has left by then.
const leaveMs = 500

/**
 * Ends the process, with the exit code that it has by then, unless it ends by itself before. A line of the log that its reader
 * does not take would keep it alive for ever.
 */
export function leaveSoon(): void {
  setTimeout(() => process.exit(), leaveMs).unref()
}
