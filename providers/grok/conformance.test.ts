import { createGateway } from '@llmproxy/core'
import { conformance, loadFixtures } from '@llmproxy/provider-kit/testing'
import { test } from 'vitest'
import plugin from './src/index.ts'

const fixtures = await loadFixtures(new URL('fixtures/', import.meta.url))
for (const check of conformance(plugin, fixtures, { createGateway })) test(check.name, check.run)
