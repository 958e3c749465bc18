import { expect, test } from 'vitest'
import { refuseOldNode } from './node-version.ts'

test.each(['20.20.2', '22.18.9', '21.99.0', '22.2.0'])('%s is too old for >=22.19', (running) => {
  expect(refuseOldNode('>=22.19', running)).toBe(`needs Node 22.19 or later, this is ${running}`)
})

test.each(['22.19.0', '22.20.1', '24.0.0', '26.0.0-pre', '100.1.1'])('%s will do for >=22.19', (running) => {
  expect(refuseOldNode('>=22.19', running)).toBeUndefined()
})
