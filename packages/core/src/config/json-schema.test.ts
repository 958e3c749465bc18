import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { configJsonSchema, type JsonSchema } from './json-schema.ts'
import { readConfig } from './read.ts'

const shipped = readFileSync(new URL('../../../../config.yaml', import.meta.url), 'utf8')
const envExample = readFileSync(new URL('../../../../.env.example', import.meta.url), 'utf8')
const schema = configJsonSchema()
const validator = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0])

describe('configJsonSchema', () => {
  it('accepts the shipped configuration', () => {
    expect(validator.safeParse(parse(shipped)).error).toBeUndefined()
  })

  it('accepts references where numbers and switches stand, and keys of plugins', () => {
    const entry = { name: 'a', type: 'x', timeout: '${T:-5}', base_url: 'http://h' }
    expect(validator.safeParse({ port: '${PORT}', debug: '${D}', providers: [entry] }).success).toBe(true)
  })

  it('refuses unknown keys and wrong types', () => {
    for (const value of [
      { prot: 80 },
      { port: 'x' },
      { providers: [{ name: 'a' }] },
      { rate_limits: { chatt: 1 } },
    ]) {
      expect(validator.safeParse(value).success).toBe(false)
    }
  })

  it('describes every key', () => {
    const undescribed = (node: JsonSchema, path: string): string[] =>
      Object.entries(node.properties ?? {}).flatMap(([key, member]) => [
        ...(member.description === undefined ? [`${path}${key}`] : []),
        ...undescribed(member, `${path}${key}.`),
        ...undescribed(member.items ?? {}, `${path}${key}[].`),
      ])
    expect(undescribed(schema, '')).toEqual([])
  })
})

describe('the shipped configuration', () => {
  it('is sound without any key', () => {
    const { config, problems, warnings } = readConfig(shipped, { file: 'config.yaml', env: {} })
    expect(problems).toEqual([])
    expect(warnings).toEqual([])
    expect(config?.providers).toHaveLength(15)
  })

  it('has every key variable in .env.example', () => {
    const { config } = readConfig(shipped, { file: 'config.yaml', env: {} })
    const named = config?.providers.flatMap(({ api_key_env }) => api_key_env ?? [])
    expect([...envExample.matchAll(/^(\w+)=/gm)].map((match) => match[1])).toEqual(named)
  })
})
