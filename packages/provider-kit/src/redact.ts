const shown = '[redacted]'

/** Prefixes of identifiers that are as long and random as keys but safe and useful to show. */
const harmless =
  /^(?:req|msg|org|proj|run|call|file|asst|resp|batch|trace|thread|cmpl|chatcmpl|toolu|gen)[-_]/i

/**
 * Longer than any key or word. Removed first: the patterns below look back over a run of such characters. Patterns look at the
 * start of a run only (`(?<!…)`): from each of its places their cost would grow with the square of its length, which a hostile
 * upstream chooses.
 */
const overlong = /(?<![\w.*-])[\w.*-]{513,}/g
/** Any word with a run of asterisks: upstreams echo keys with their middle masked, which still shows both ends. */
const masked = /(?:(%[\da-f]{2})|(?<![\w.-]))[\w.-]*\*{2,}[\w*.-]*/gi
const elided = /\b[\w-]{2,}(?:\.{3}|…)[\w-]{2,}/g
const secretKey = /\b(?:sk|pk|rk)[-_][\w-]{6,}/g
const prefixed = /\b[a-z]{2,8}[-_][\w-]{20,}/gi
/** Asked for by itself: inside of the pattern above it would be looked for from each place of the word. */
const randomRun = /[A-Za-z0-9]{20}/
const capitalPrefixed = /\bAIza[\w-]{20,}/g
const webToken = /\beyJ[\w-]{8,}(?:\.[\w-]+){1,2}/g
const bearer = /\b(bearer)\s+([\w.~+/=-]+)/gi
const named = /(\bapi[ _-]?key(?:\s+(?:provided|given|used|is))?\s*[:=]\s*["'`]?)([^\s"'`,;]{4,})/gi

/** Removes everything that looks like a key, whole or masked, from a vendor's text. */
export function redactKeys(text: string): string {
  return text
    .replace(overlong, shown)
    .replace(masked, (key: string, space = '') => space + keepStop(key))
    .replace(bearer, (all, word: string, token: string) => (looksRandom(token) ? `${word} ${shown}` : all))
    .replace(named, (_, label: string, key: string) => label + keepStop(key))
    .replace(secretKey, shown)
    .replace(webToken, shown)
    .replace(capitalPrefixed, shown)
    .replace(elided, (all) => (/\d/.test(all) ? shown : all))
    .replace(prefixed, (all) => (harmless.test(all) || !/\d/.test(all) || !randomRun.test(all) ? all : shown))
}

function looksRandom(token: string): boolean {
  return token.length >= 20 || (token.length >= 6 && /\d/.test(token))
}

/** The full stop behind a key ends the sentence, not the key. */
function keepStop(key: string): string {
  return key.endsWith('.') ? `${shown}.` : shown
}
