import type { JsonSchema } from '../../packages/core/src/config/json-schema.ts'
import { table } from './table.ts'

/** One row for each key of an object schema; nested objects are written out below their parent. */
export function keyTable(schema: JsonSchema, required: readonly string[] = schema.required ?? []): string {
  return table(['Key', 'Type', 'Default', 'Meaning'], keyRows(schema, '', required))
}

function keyRows(schema: JsonSchema, prefix: string, required: readonly string[]): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, member]) => {
    const fallback = required.includes(key) ? 'required' : defaultText(member)
    const row = [`\`${prefix}${key}\``, typeText(member), fallback, member.description ?? '']
    const nested = member.properties === undefined ? [] : keyRows(member, `${prefix}${key}.`, [])
    return [row, ...nested]
  })
}

function defaultText(schema: JsonSchema): string {
  const { default: value } = schema
  if (value === undefined || (schema.properties !== undefined && JSON.stringify(value) === '{}')) return ''
  return `\`${JSON.stringify(value)}\``
}

function typeText(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ')
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeText))].join(' or ')
  if (schema.type === 'array') return `list of ${plural(schema.items ?? {})}`
  if (schema.type === 'object') return 'mapping'
  const words: Readonly<Record<string, string>> = {
    string: 'text',
    integer: 'whole number',
    boolean: 'true or false',
    null: '`null`',
  }
  return words[String(schema.type)] ?? String(schema.type)
}

function plural(items: JsonSchema): string {
  const parts = (items.anyOf ?? [items]).map((item) => {
    if (item.enum !== undefined) return typeText(item)
    return item.type === 'object' ? 'mappings' : item.type === 'string' ? 'texts' : typeText(item)
  })
  return [...new Set(parts)].join(' or ')
}
