import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
  YAMLParseError,
} from 'yaml'
import { describeKey } from './describe-value.ts'
import type { Place } from './origin.ts'
import type { ConfigPath, ConfigProblem } from './problem.ts'

/** A parsed file: plain values, and the position of each. */
export interface ConfigDocument {
  /** `undefined` when the file is not YAML that can be checked any further. */
  readonly value: unknown
  readonly place: Place
  readonly problems: readonly ConfigProblem[]
}

/** More uses of anchors than this are an attack or a mistake, not a configuration. */
const maxAliases = 100

/**
 * Own sentences, because the parser's quote the source, and the source may be a key.
 * Codes: https://eemeli.org/yaml/#errors
 */
const sentences: Readonly<Record<string, string>> = {
  BAD_INDENT: 'wrong indentation, or a bracket that is never closed',
  BAD_SCALAR_START: 'a value cannot start with this character; put it in quotes',
  BAD_DQ_ESCAPE: 'unknown escape sequence in double quotes; use single quotes for text with backslashes',
  BAD_ALIAS: 'an anchor or alias without a name; text that starts with `*` or `&` needs quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a second `key:` on one line; put it on its own line, or the value in quotes',
  BLOCK_IN_FLOW: 'inside brackets, lists and mappings are written with brackets too',
  MISSING_CHAR:
    'a quote, bracket, comma or colon is missing here; text that contains `{` or `[` inside brackets needs quotes',
  MULTILINE_IMPLICIT_KEY: 'a key must stand on one line; is a `:` missing, or the indentation wrong?',
  MULTIPLE_DOCS: 'more than one document (`---`) in the file',
  NON_STRING_KEY: 'a key must be text; put it in quotes',
  TAB_AS_INDENT: 'a tab is used for indentation; YAML allows spaces only',
  TAG_RESOLVE_FAILED: 'YAML tags (`!…`) are not supported',
  BAD_DIRECTIVE: 'YAML directives (`%…`) are not supported',
  UNEXPECTED_TOKEN: 'unexpected text here; is a quote, a bracket or a line break missing?',
}

/** After these, the rest of the file means what it says, and its own mistakes are worth telling. */
const harmless = new Set(['DUPLICATE_KEY', 'TAG_RESOLVE_FAILED', 'BAD_DIRECTIVE'])

/** Parses YAML 1.2 with merge keys (`<<`). Duplicate keys, tags and directives are problems, aliases are limited. */
export function parseConfigDocument(text: string, file: string): ConfigDocument {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    stringKeys: true,
    // The parser's own way takes minutes for a file of thousands of keys, and a gateway that serves reads what it is given.
    uniqueKeys: false,
    logLevel: 'silent',
  })
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const place: Place = (path, part) => at(offsetOf(document, path, part))
  const found: YAMLError[] = [...document.errors, ...document.warnings, ...duplicateKeys(document)]
  const aliases = brokenAliases(document)
  const problems: ConfigProblem[] = [
    ...found
      .filter((error) => !isConsequence(error, found))
      .map((error) => ({ ...at(startOf(error, document)), path: [], message: sentence(error, text) })),
    ...aliases.map((offset) => ({
      ...at(offset),
      path: [],
      message:
        'this alias (`*name`) has no complete anchor (`&name`) before it; text that starts with `*` needs quotes',
    })),
  ]
  const usable = found.every((error) => harmless.has(error.code)) && aliases.length === 0
  if (!usable) return { value: undefined, place, problems }
  try {
    return { value: document.toJS({ maxAliasCount: maxAliases }) ?? {}, place, problems }
  } catch {
    const message = `more than ${maxAliases} values come from aliases (\`*name\`); write them out`
    return { value: undefined, place, problems: [...problems, { ...at(0), path: [], message }] }
  }
}

const openQuote = /^Missing closing .quote$/

/** The parser notices a quote that is never closed at the end of the file: people look for its start. */
function startOf(error: YAMLError, document: Document): number {
  let start = error.pos[0]
  if (!openQuote.test(error.message)) return start
  visit(document, {
    Scalar(_key, { type, range }) {
      const quoted = type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE'
      if (quoted && range && range[0] < error.pos[0] && range[1] >= error.pos[0]) start = range[0]
    },
  })
  return start
}

/** A line with a key where an item of a list would begin. */
const outdented = /^Sequence item without - indicator$/

/** One wrong indentation makes the parser complain up to three times; the first or the plainest of them is enough. */
function isConsequence({ code, pos }: YAMLError, found: readonly YAMLError[]): boolean {
  if (code !== 'BLOCK_AS_IMPLICIT_KEY' && code !== 'MULTILINE_IMPLICIT_KEY') return false
  return found.some(
    (other) =>
      (outdented.test(other.message) && other.pos[0] < pos[0]) ||
      (code === 'BLOCK_AS_IMPLICIT_KEY' &&
        other.code === 'MULTILINE_IMPLICIT_KEY' &&
        other.pos[0] === pos[0]),
  )
}

function sentence(error: YAMLError, text: string): string {
  if (openQuote.test(error.message)) return 'a quote that is never closed'
  if (outdented.test(error.message))
    return 'wrong indentation: this line is indented like an item of the list above, but does not start with `- `'
  if (error.code === 'DUPLICATE_KEY') {
    const key = /^["']?([\w.-]+)/.exec(text.slice(error.pos[0], error.pos[0] + 80))?.[1]
    return key === undefined ? 'duplicate key' : `duplicate key "${describeKey(key)}"`
  }
  return sentences[error.code] ?? `not valid YAML (${error.code})`
}

function duplicateKeys(document: Document): YAMLError[] {
  const found: YAMLError[] = []
  visit(document, {
    Map(_key, { items }) {
      const known = new Set<unknown>()
      for (const { key } of items) {
        if (!isScalar(key)) continue
        const [start, end] = key.range ?? [0, 0]
        if (known.has(key.value)) found.push(new YAMLParseError([start, end], 'DUPLICATE_KEY', ''))
        known.add(key.value)
      }
    },
  })
  return found
}

function brokenAliases(document: Document): number[] {
  const offsets: number[] = []
  // By the way, because the parser's own search begins at the start of the file for each alias.
  const anchors = new Map<string, Node>()
  const remember = (_key: unknown, node: Node & { readonly anchor?: string }) => {
    if (node.anchor !== undefined) anchors.set(node.anchor, node)
  }
  visit(document, {
    Value: remember,
    Alias(_key, alias, ancestors) {
      // One without a name is reported by the parser.
      if (alias.source === '') return
      const target = anchors.get(alias.source)
      // An alias inside of what it stands for would never end.
      if (target === undefined || ancestors.includes(target)) offsets.push(alias.range?.[0] ?? 0)
    },
  })
  return offsets
}

/** The offset of the value at `path`: of the key for a mapping's or list's parent that lacks it, else of its nearest ancestor. */
function offsetOf(document: Document, path: ConfigPath, part?: 'key'): number {
  let node: unknown = document.contents
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document)
    let next: unknown
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step))
      if (!isPair(pair)) return offset
      const plain = isScalar(pair.value) || isAlias(pair.value)
      const empty = isScalar(pair.value) && pair.value.value === null
      const keyWanted = part === 'key' && depth === path.length - 1
      const target: unknown = plain && !empty && !keyWanted ? pair.value : pair.key
      offset = isNode(target) ? (target.range?.[0] ?? offset) : offset
      next = pair.value
    } else if (isSeq(node)) {
      next = node.items[Number(step)]
      offset = isNode(next) ? (next.range?.[0] ?? offset) : offset
    }
    if (next === undefined) return offset
    node = next
  }
  return offset
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'range' in value
}
