import { type FrameNotes, isObject, type JsonObject, mend } from './frame-rules-shape.ts'

interface LiveCall {
  /** Dense, ours. */
  readonly index: number
  name: string
  hasArguments: boolean
  /** The arguments so far, kept only while the upstream gives no id: then they tell where a call ends. */
  text: string
  readonly anonymous: boolean
}

/**
 * The tool calls of one choice. Assigns each upstream delta to a call (by id, else by the upstream's index, else by
 * order) and gives calls a dense index from 0, an id, a type, a name and string arguments on their first delta.
 */
export class ToolCallRules {
  readonly #newId: () => string
  readonly #calls: LiveCall[] = []
  readonly #byId = new Map<string, LiveCall>()
  readonly #byIndex = new Map<number, LiveCall>()

  /** `newId` makes the id of a call whose upstream gives none. */
  constructor(newId: () => string) {
    this.#newId = newId
  }

  get any(): boolean {
    return this.#calls.length > 0
  }

  /** Mends `delta.tool_calls`, which is neither `undefined` nor `null`. */
  inspect(delta: JsonObject, notes: FrameNotes): void {
    const given = delta['tool_calls']
    const list: unknown[] = Array.isArray(given) ? given : [given]
    const entries = list.filter(isObject)
    if (entries !== given && (!Array.isArray(given) || entries.length !== given.length)) {
      mend(notes)
      if (entries.length === 0) delete delta['tool_calls']
      else delta['tool_calls'] = entries
    }
    for (const entry of entries) this.#entry(entry, notes)
  }

  /** At the finish: a call that never had an argument gets `{}`, which is what an SDK can parse. */
  close(delta: JsonObject, notes: FrameNotes): void {
    for (const call of this.#calls) {
      if (call.hasArguments) continue
      call.hasArguments = true
      mend(notes)
      const entries = (delta['tool_calls'] ??= []) as JsonObject[]
      const entry = entries.find(({ index }) => index === call.index)
      if (entry === undefined) entries.push({ index: call.index, function: { arguments: '{}' } })
      else entry['function'] = { ...(entry['function'] as JsonObject | undefined), arguments: '{}' }
    }
  }

  #entry(entry: JsonObject, notes: FrameNotes): void {
    const id = typeof entry['id'] === 'string' ? entry['id'] : ''
    const given = typeof entry['index'] === 'number' ? entry['index'] : undefined
    const name = nameOf(entry)
    const known = this.#find(id, given, name)
    const call = known ?? this.#open(id)
    if (id !== '') this.#byId.set(id, call)
    if (given !== undefined) this.#byIndex.set(given, call)
    if (known === undefined) this.#first(entry, call, id, notes)
    else later(entry, notes)
    if (entry['index'] !== call.index) {
      entry['index'] = call.index
      mend(notes)
    }
    if (isObject(entry['custom'])) call.hasArguments = true
    else mendFunction(entry, call, known === undefined, notes)
  }

  /** The call that a delta continues; `undefined` when it starts a new one. */
  #find(id: string, given: number | undefined, name: string): LiveCall | undefined {
    if (id !== '') {
      const same = this.#byId.get(id)
      if (same !== undefined) return same
    }
    const last = given === undefined ? this.#calls.at(-1) : this.#byIndex.get(given)
    if (last === undefined || name === '') return last
    // A new id with a name is a new call, even at an index that is taken.
    if (id !== '') return undefined
    if (given !== undefined && !last.hasArguments) return last
    return name !== last.name || isComplete(last) ? undefined : last
  }

  #open(id: string): LiveCall {
    const call = { index: this.#calls.length, name: '', hasArguments: false, text: '', anonymous: id === '' }
    this.#calls.push(call)
    return call
  }

  #first(entry: JsonObject, call: LiveCall, id: string, notes: FrameNotes): void {
    if (id === '') {
      const made = this.#newId()
      entry['id'] = made
      this.#byId.set(made, call)
      mend(notes)
    }
    if (typeof entry['type'] !== 'string' || entry['type'] === '') {
      entry['type'] = isObject(entry['custom']) ? 'custom' : 'function'
      mend(notes)
    }
  }
}

/** Ids and types belong to the first delta; clients that add up strings would double them. */
function later(entry: JsonObject, notes: FrameNotes): void {
  for (const key of ['id', 'type']) {
    if (entry[key] === undefined) continue
    delete entry[key]
    mend(notes)
  }
}

function mendFunction(entry: JsonObject, call: LiveCall, first: boolean, notes: FrameNotes): void {
  let target = entry['function']
  if (!isObject(target)) {
    target = {}
    entry['function'] = target
    mend(notes)
  }
  const inner = target as JsonObject
  mendName(inner, call, first, notes)
  const text = argumentText(inner['arguments'], call)
  if (text !== inner['arguments']) {
    inner['arguments'] = text
    mend(notes)
  }
  if (text === '') return
  call.hasArguments = true
  if (call.anonymous) call.text += text
}

function mendName(inner: JsonObject, call: LiveCall, first: boolean, notes: FrameNotes): void {
  const { name } = inner
  if (first) {
    if (typeof name !== 'string') {
      inner['name'] = ''
      mend(notes)
    } else call.name = name
    return
  }
  if (name === undefined) return
  if (typeof name === 'string' && name !== '' && name !== call.name) {
    call.name += name
    return
  }
  delete inner['name']
  mend(notes)
}

/** Arguments as the string that the dialect wants. The word `null` alone is a vendor's way to say "none". */
function argumentText(value: unknown, call: LiveCall): string {
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') return JSON.stringify(value)
  return value === 'null' && !call.hasArguments ? '' : value
}

function nameOf(entry: JsonObject): string {
  const holder = isObject(entry['function']) ? entry['function'] : entry['custom']
  return isObject(holder) && typeof holder['name'] === 'string' ? holder['name'] : ''
}

function isComplete(call: LiveCall): boolean {
  // Where the name comes with every delta, to parse all that came before each time takes time that grows with its square.
  if (!call.anonymous || !call.text.trimEnd().endsWith('}')) return false
  try {
    JSON.parse(call.text)
    return true
  } catch {
    return false
  }
}
