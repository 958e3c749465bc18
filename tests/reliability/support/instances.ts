import { checkConfig, type Clock, formatProblem, type GatewayConfigInput } from '@llmproxy/core'
import openaiCompatible from '@llmproxy/provider-openai-compatible'
import { type RunningServer, startServer } from '@llmproxy/server'
import { onTestFinished } from 'vitest'

/** One line of an instance's log. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: object
}

/** One of several gateways that share a store. */
export interface Instance extends Pick<RunningServer, 'url' | 'gateway' | 'close'> {
  readonly log: readonly LogLine[]
}

const none = { chat: null, completions: null, embeddings: null, images: null, videos: null, messages: null }

/** The limits of a configuration in which only chat has one. */
export const chatLimit = (chat: number) => ({ rate_limit_rpm: null, rate_limits: { ...none, chat } })

/** A gateway behind real HTTP in this process, as one of several: with what it shares, unlike a worker. Closed with the test. */
export async function startInstance(config: GatewayConfigInput, clock?: Clock): Promise<Instance> {
  const checked = checkConfig({
    port: 0,
    rate_limit_rpm: null,
    rate_limits: none,
    shutdown_timeout: 0.1,
    health_check_interval: 0,
    ...config,
  })
  if (checked.config === undefined) throw new Error(checked.problems.map(formatProblem).join('\n'))
  const log: LogLine[] = []
  const write = (level: LogLine['level']) => (fields: object, message: string) =>
    void log.push({ level, message, fields })
  const server = await startServer(checked, {
    plugins: [openaiCompatible],
    version: 'test',
    print: () => undefined,
    logger: () => ({
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      flush: () => Promise.resolve(),
    }),
    ...(clock && { clock }),
  })
  onTestFinished(() => server.close())
  return { url: server.url, gateway: server.gateway, close: () => server.close(), log }
}

/** What an instance has logged about its store, such as `warn redis does not answer: …`. */
export function storeLines({ log }: Pick<Instance, 'log'>): readonly string[] {
  return log
    .filter(({ message }) => message.startsWith('redis'))
    .map(({ level, message }) => `${level} ${message}`)
}
