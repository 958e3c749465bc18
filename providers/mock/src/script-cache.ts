import type { MockRequest } from './request.ts'
import type { Script } from './script.ts'

const mostEntries = 256
const mostBodyBytes = 4096
const mostSteps = 1000

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
    if (repeatable && Array.isArray(script) && script.length <= mostSteps) {
      if (this.#scripts.size >= mostEntries) this.#scripts.clear()
      this.#scripts.set(name, script)
    }
    return script
  }
}

/** Everything of a request that an answer depends on, except the API key. */
function cacheKey({ path, headers, body }: MockRequest): string {
  const version = headers['anthropic-version'] === undefined ? '' : 'v'
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')
  return `${path}\n${version}\n${text}`
}
