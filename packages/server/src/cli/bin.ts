#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { refuseOldNode } from './node-version.ts'

const { version, engines } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string; engines: { node: string } }

const refusal = refuseOldNode(engines.node, process.versions.node)
if (refusal === undefined) {
  // Only now: what is imported here does not even load in an old Node.js.
  const { runCli } = await import('./run-cli.ts')
  process.exitCode = await runCli(process.argv.slice(2), { version })
} else {
  console.error(refusal)
  process.exitCode = 1
}
