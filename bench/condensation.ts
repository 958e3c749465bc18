// A conversation of two hundred turns with a model of 8,000 tokens, condensed in several ways: what it costs, and what is lost of it.
// Exit code 1 when a client got an error, or the model was not told a fact.
//   node bench/condensation.ts [--quick] [--json]
import type { GatewayConfigInput } from '@llmproxy/core'
import { startMockServer } from '@llmproxy/provider-mock/server'
import { parseArgs } from 'node:util'
import {
  agentTranscript,
  type Transcript,
  twoHundredTurns,
} from '../tests/condensation/support/agent-transcript.ts'
import { drive } from '../tests/condensation/support/drive.ts'
import { lossesOf } from '../tests/condensation/support/losses.ts'
import type { GatewayState } from './condensing-gateway.ts'
import { startChild } from './parts/child.ts'
import { type CondensationFigures, condensationTable, figuresOf } from './parts/condensation-figures.ts'

const { values: flags } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
})

interface Setting {
  readonly upstream?: string
  readonly summariser?: string
  readonly condensation?: NonNullable<GatewayConfigInput['condensation']>
}

const strict = 'mock-strict-window-8000'

/** In the order of the table. The first has room for everything: what the others add is taken against it. */
const settings: Readonly<Record<string, Setting>> = {
  'a window for everything': { upstream: 'mock-fixed' },
  defaults: {},
  'a summariser of 8,000 tokens': { summariser: `${strict}-digest` },
  'errors without numbers': { upstream: `${strict}-no-numbers` },
  'two characters a token': { upstream: `${strict}-dense` },
  'recent_share 0.5': { condensation: { recent_share: 0.5 } },
  preflight: { condensation: { preflight: true } },
  'preflight, recent_share 0.5': { condensation: { preflight: true, recent_share: 0.5 } },
  'preflight, background': { condensation: { preflight: true, background: true } },
}

function configOf(setting: Setting, main: string, summaries: string): GatewayConfigInput {
  const { upstream = strict, summariser = 'mock-strict-window-32000-digest', condensation = {} } = setting
  // Who looks ahead has to know the window.
  const window = condensation.preflight === true ? { context_window: 8000 } : {}
  const type = 'openai_compatible'
  return {
    rate_limit_rpm: null,
    rate_limits: { chat: null },
    providers: [
      { name: 'main', type, base_url: `${main}/v1`, models: [{ id: 'agent', upstream, ...window }] },
      { name: 'summariser', type, base_url: `${summaries}/v1`, models: [summariser], priority: 2 },
    ],
    condensation: { provider: 'summariser', calls_per_minute: null, ...condensation },
  }
}

async function measured(
  name: string,
  setting: Setting,
  transcript: Transcript,
): Promise<CondensationFigures> {
  const [main, summariser] = await Promise.all([startMockServer(), startMockServer()])
  const config = configOf(setting, main.url, summariser.url)
  const child = await startChild('condensing-gateway.ts', {
    arguments: [JSON.stringify(config)],
    execArgv: process.execArgv,
  })
  const state = async () => (await child.ask({})) as GatewayState
  const gateway = { url: `http://127.0.0.1:${child.port}`, main, summariser }
  try {
    // Another conversation, until everything is compiled.
    await drive(gateway, agentTranscript({ ...twoHundredTurns, turns: 60, seed: 1 }))
    const { cpuMs: before } = await state()
    const run = await drive(gateway, transcript)
    const { cpuMs, summaries } = await state()
    return figuresOf(name, { run, losses: lossesOf(transcript, run), summaries, cpuMs: cpuMs - before })
  } finally {
    await child.stop()
    await Promise.all([main.close(), summariser.close()])
  }
}

const transcript = agentTranscript({ ...twoHundredTurns, turns: flags.quick ? 60 : twoHundredTurns.turns })
const rows: CondensationFigures[] = []
for (const [name, setting] of Object.entries(settings)) rows.push(await measured(name, setting, transcript))
console.log(flags.json ? JSON.stringify(rows, undefined, 2) : condensationTable(rows))
if (rows.some(({ errors, forgotten }) => errors + forgotten > 0)) process.exitCode = 1
