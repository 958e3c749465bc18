import { expect, test } from 'vitest'
import { vendors } from './support/vendors.ts'

// The gateway says what it found, and hides what comes from the environment: a plugin that quotes its input would show it.
test.each(vendors)(
  '$vendor.type: what is said of a wrong `api` does not quote it',
  async ({ plugin, vendor }) => {
    const options = { ...vendor.options('http://127.0.0.1:9'), api: 'from-the-environment' }
    const { issues } = await plugin.options['~standard'].validate(options)
    expect(issues?.map(({ path }) => path)).toEqual([['api']])
    expect(JSON.stringify(issues)).not.toContain('from-the-environment')
  },
)
