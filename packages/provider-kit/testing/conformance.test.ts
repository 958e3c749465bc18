import { createGateway } from '../../core/src/index.ts'
import { test } from 'vitest'
import toy from './example/toy-vendor.ts'
import { conformance, loadFixtures } from './index.ts'

const fixtures = await loadFixtures(new URL('./example/fixtures/', import.meta.url))
for (const check of conformance(toy, fixtures, { createGateway })) test(check.name, check.run)
