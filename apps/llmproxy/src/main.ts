#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import anthropic from '@llmproxy/provider-anthropic'
import mock from '@llmproxy/provider-mock'
import openai from '@llmproxy/provider-openai'
import openaiCompatible from '@llmproxy/provider-openai-compatible'
import { runCli } from '@llmproxy/server'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string
}

process.exitCode = await runCli(process.argv.slice(2), {
  version,
  plugins: [openai, anthropic, openaiCompatible, mock],
  appUrl: import.meta.url,
})
