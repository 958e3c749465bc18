import type { MockRequest } from './request.ts'
import type { Script, Step } from './script.ts'

const mostEntries = 64
const mostBodyBytes = 4096
const mostScriptBytes = 512 * 1024

/** Remembers the scripts of small requests: equal requests get equal bytes, so a load test costs no JSON twice. */
export class ScriptCache {
  readonly #scripts = new Map<string, Script>()

  /** The script for `request`, made by `make` when it is new. Scripts that `make` calls not `repeatable` are not kept. */
  get(request: MockRequest, make: () => { script: Script; repeatable: boolean }): Script {
    if (request.method !== 'POST' || request.body.byteLength > mostBodyBytes) return make().script
    const name = cacheKey(request)
    const kept = this.#scripts.get(name)
    if (kept) return kept
    const { script, repeatable } = make()
    if (repeatable && Array.isArray(script) && isSmall(script as readonly Step[])) {
      if (this.#scripts.size >= mostEntries) this.#scripts.clear()
      this.#scripts.set(name, script)
    }
    return script
  }
}

function isSmall(steps: readonly Step[]): boolean {
  let bytes = 0
  for (const step of steps) bytes += step.kind === 'bytes' ? step.bytes.byteLength : 0
  return bytes <= mostScriptBytes
}

/** Everything of a request that an answer depends on, except the API key. */
function cacheKey({ path, headers, body }: MockRequest): string {
  const version = headers['anthropic-version'] === undefined ? '' : 'v'
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')
  return `${path}\n${version}\n${text}`
}
