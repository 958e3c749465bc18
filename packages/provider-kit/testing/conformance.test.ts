import { test } from 'vitest'
import { createGateway } from '../../core/src/index.ts'
import toy from './example/toy-vendor.ts'
import { conformance, loadFixtures } from './index.ts'

const fixtures = await loadFixtures(new URL('./example/fixtures/', import.meta.url))
for (const { name, run } of conformance(toy, fixtures, { createGateway })) test(name, run)
