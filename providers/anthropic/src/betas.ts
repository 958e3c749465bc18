import { isUploaded } from './media.ts'
import { type Block, isObject, type Turn } from './wire.ts'

/** The parts of an upstream body that decide which beta features it uses. */
export interface BetaRelevant {
  readonly messages: readonly Turn[]
  readonly tools?: readonly { readonly type?: unknown; readonly strict?: unknown }[]
  readonly [extra: string]: unknown
}

/** The vendor's own tools that are still in beta, by the beginning of their `type`. */
const toolBetas: readonly (readonly [string, string])[] = [
  ['computer_', 'computer-use-2025-01-24'],
  ['web_fetch_', 'web-fetch-2025-09-10'],
  ['code_execution_', 'code-execution-2025-08-25'],
]

/** The `anthropic-beta` header: configured, asked for by the client, and needed by the body; each once. */
export function betaHeader(
  configured: readonly string[],
  client: string | undefined,
  body: BetaRelevant,
): { 'anthropic-beta'?: string } {
  const all = [...configured, ...(client ?? '').split(','), ...neededBetas(body)]
  const unique = new Set(all.map((name) => name.trim().toLowerCase()).filter((name) => name !== ''))
  return unique.size === 0 ? {} : { 'anthropic-beta': [...unique].join(',') }
}

function neededBetas(body: BetaRelevant): string[] {
  const tools = body.tools ?? []
  return [
    ...(body.messages.some((turn) => turn.content.some(usesUpload)) ? ['files-api-2025-04-14'] : []),
    ...(tools.some((tool) => tool.strict === true) ? ['structured-outputs-2025-11-13'] : []),
    ...toolBetas
      .filter(([prefix]) => tools.some((tool) => startsWith(tool.type, prefix)))
      .map(([, beta]) => beta),
    ...(body['mcp_servers'] === undefined ? [] : ['mcp-client-2025-04-04']),
    ...contextBetas(body['context_management']),
    ...(body['speed'] === 'fast' ? ['fast-mode-2026-02-01'] : []),
    ...(isObject(body['container']) && body['container']['skills'] !== undefined
      ? ['skills-2025-10-02']
      : []),
  ]
}

function contextBetas(management: unknown): string[] {
  if (!isObject(management)) return []
  const edits: unknown = management['edits']
  const compacts =
    Array.isArray(edits) && edits.some((edit) => isObject(edit) && startsWith(edit['type'], 'compact_'))
  return ['context-management-2025-06-27', ...(compacts ? ['compact-2026-01-12'] : [])]
}

function usesUpload(block: Block): boolean {
  const inner =
    block.type === 'tool_result' && Array.isArray(block['content']) ? (block['content'] as Block[]) : []
  return isUploaded(block) || inner.some(isUploaded)
}

function startsWith(type: unknown, prefix: string): boolean {
  return typeof type === 'string' && type.startsWith(prefix)
}
