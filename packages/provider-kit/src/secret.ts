const brand = Symbol.for('llmproxy.Secret')
const shown = '[redacted]'

/** A credential that cannot be printed by accident: text, JSON and `inspect` show `[redacted]`. Branded: `is()` works across installed copies. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
    Object.defineProperty(this, brand, { value: true })
  }

  /** The credential itself. Only for the header or signature that is about to be sent. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return shown
  }

  toJSON(): string {
    return shown
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return shown
  }

  static is(value: unknown): value is Secret {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true
  }
}
