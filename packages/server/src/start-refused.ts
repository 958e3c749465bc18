/** The server cannot start like this; the message says what to change. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused'
}
