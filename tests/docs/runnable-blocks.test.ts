import { startMockServer } from '@llmproxy/provider-mock/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CodeBlock, codeBlocks, expectedOutput, readDocument, root } from './support/markdown.ts'
import { missingTool, runBlock, ScratchFolder } from './support/run-block.ts'
import { runApp, type RunningApp } from './support/run-app.ts'

const readme = codeBlocks('README.md').filter(({ purpose }) => purpose === 'runnable')
const guide = codeBlocks('docs/write-a-provider.md')
const condensation = codeBlocks('docs/condensation.md').filter(({ purpose }) => purpose === 'runnable')
const elsewhere = codeBlocks('packages/core/README.md').filter(({ purpose }) => purpose === 'runnable')
const inGuide = guide.filter(({ purpose }) => purpose === 'runnable')

const vendor = await startMockServer()
const folder = new ScratchFolder()
let shipped: RunningApp
let extended: RunningApp

beforeAll(async () => {
  shipped = await runApp(folder.write('shipped.yaml', shippedConfig()), {
    PROXY_API_ANTHROPIC_API_KEY: 'test-key',
  })
  extended = await runApp(folder.write('config.yaml', extendedConfig()))
})

afterAll(async () => {
  await shipped[Symbol.asyncDispose]()
  await extended[Symbol.asyncDispose]()
  await vendor.close()
  folder[Symbol.dispose]()
})

/** The shipped configuration, with the mock server in the place of the vendor whose model the README asks for. */
function shippedConfig(): string {
  return readDocument('config.yaml')
    .replace('    type: anthropic\n', `    type: anthropic\n    base_url: ${vendor.url}\n`)
    .replace('- claude-haiku-4-5\n', '- { id: claude-haiku-4-5, upstream: mock-echo }\n')
}

/** The configuration of the guide, and every plugin that stands in the guide. */
function extendedConfig(): string {
  const acme = readDocument('examples/acme/config.yaml')
    .replace('./src/index.ts', `${root}examples/acme/src/index.ts`)
    .replace('http://127.0.0.1:8001', vendor.url)
  const plugins = guide.filter(({ purpose }) => purpose === 'plugin')
  const entries = plugins.map(({ rest: type, code }) => {
    folder.write(`${type}.ts`, code)
    return `  - name: ${type}\n    type: ${type}\n    module: ./${type}.ts\n    models: [${type}]\n`
  })
  return acme + entries.join('')
}

function runs(block: CodeBlock, url: () => string): void {
  test(`${block.title} runs and prints ${expectedOutput(block)}`, async ({ skip }) => {
    const missing = missingTool(block.language)
    if (missing !== undefined) {
      console.log(`${block.title} is not run: ${missing} is not installed`)
      skip()
    }
    expect(await runBlock(block, url())).toContain(expectedOutput(block))
  })
}

describe('README.md', () => {
  test('has blocks in sh, js and python', () => {
    expect(new Set(readme.map(({ language }) => language))).toEqual(new Set(['sh', 'js', 'python']))
  })

  for (const block of readme) runs(block, () => shipped.url)

  test('the stream without any SDK survives reads that end inside lines and characters', async () => {
    const block = readme.find(({ code }) => code.includes('TextDecoder'))!
    // Straight from the mock server: a gateway would write whole events.
    const dripping = { ...block, code: block.code.replace('mock-echo', 'mock-echo-drip-1') }
    expect(await runBlock(dripping, vendor.url)).toContain(expectedOutput(block))
  })

  test('the stream without any SDK fails when the stream does', async () => {
    const block = readme.find(({ code }) => code.includes('TextDecoder'))!
    for (const model of ['mock-chunks-9-cut-after-3', 'mock-chunks-9-error-after-3', 'mock-error-429']) {
      const failing = { ...block, code: block.code.replace('mock-echo', model) }
      await expect(runBlock(failing, shipped.url)).rejects.toThrow('Error: ')
    }
  })

  test('shows what the start prints', () => {
    const printed = /```\n(llmproxy [^`]*?)```/.exec(readDocument('README.md'))?.[1] ?? ''
    const lines = printed.trimEnd().split('\n').slice(1, -1)
    expect(lines.length).toBeGreaterThan(2)
    // The test has a key for this one.
    const others = lines.filter((line) => !line.startsWith('  off  anthropic'))
    for (const line of others) expect(shipped.output).toContain(line)
  })
})

describe('docs/condensation.md', () => {
  for (const block of condensation) runs(block, () => shipped.url)
})

describe('the READMEs of packages', () => {
  for (const block of elsewhere) runs(block, () => shipped.url)
})

describe('docs/write-a-provider.md', () => {
  for (const block of inGuide) runs(block, () => extended.url)

  test('the model in its own process answers, whole and streamed', async () => {
    expect((await ask('shout', false)).choices[0].message.content).toBe('HELLO')
    const stream = await askText('shout', true)
    expect(stream).toContain('"content":"HELLO"')
    expect(stream.trimEnd().endsWith('data: [DONE]')).toBe(true)
  })
})

interface Answer {
  readonly choices: readonly [{ readonly message: { readonly content: string } }]
}

async function ask(model: string, stream: boolean): Promise<Answer> {
  return JSON.parse(await askText(model, stream)) as Answer
}

async function askText(model: string, stream: boolean): Promise<string> {
  const response = await fetch(`${extended.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'Hello' }] }),
  })
  return response.text()
}
