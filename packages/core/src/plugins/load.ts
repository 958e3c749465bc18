/** Loads an installed plugin package and gives back what it exports. The only place that may `import()` is behind this. */
export interface PluginLoad {
  /**
   * `module` is the entry's own `module:`, a package name or a file; without it the names derived from the type are
   * tried. Rejects with {@link PluginNotFound} when nothing is installed, with any other error when loading fails.
   */
  (type: string, module?: string): Promise<unknown>
  /** Says whether the plugin could be loaded, without running any of its code. */
  installed?(type: string, module?: string): boolean | Promise<boolean>
}

const brand = Symbol.for('llmproxy.PluginNotFound')

/** No package provides this type. The message says how to install it. */
export class PluginNotFound extends Error {
  readonly type: string
  readonly module: string | undefined

  /** `where` is where the type was asked for: `config.yaml providers[2].type`. */
  constructor(type: string, options: { readonly module?: string | undefined; readonly where?: string } = {}) {
    super(`${notInstalled(type, options.module)}${options.where === undefined ? '' : ` (${options.where})`}`)
    this.name = 'PluginNotFound'
    this.type = type
    this.module = options.module
    Object.defineProperty(this, brand, { value: true })
  }

  static is(value: unknown): value is PluginNotFound {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true
  }
}

/** The name under which a plugin of this type is published with the gateway. */
export function packageName(type: string): string {
  return `@llmproxy/provider-${type.replaceAll('_', '-')}`
}

/** `npm install …` for a type, or for a module that is a package. */
export function installCommand(type: string, module?: string): string {
  return `npm install ${module ?? packageName(type)}`
}

function notInstalled(type: string, module: string | undefined): string {
  if (module === undefined) {
    // Only our own packages have our scope; a vendor publishes under the other name.
    const others = packageName(type).replace('@llmproxy/', 'llmproxy-')
    return `provider type "${type}" is not installed: ${installCommand(type)}, or ${others}`
  }
  if (/^[^@/][^/]*\.[cm]?[jt]s$/.test(module))
    return `module "${module}" looks like a file: write ./${module}`
  if (/^[./]|^[A-Za-z]:[\\/]|^file:/.test(module)) return `module "${module}" does not exist`
  return `module "${module}" is not installed: ${installCommand(type, module)}`
}
