import { expect, test } from 'vitest'
import { errorsPage } from './errors-page.ts'

test('docs/errors.md is the page generated from the fault table (vitest -u writes it)', async () => {
  await expect(errorsPage()).toMatchFileSnapshot('../../../../docs/errors.md')
})
