/** Milliseconds as a Go duration, which is how `x-ratelimit-reset-requests` is written: `850ms`, `12s`, `1m30s`, `1h0m5s`. */
export function limitDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.max(0, Math.ceil(milliseconds))}ms`
  const total = Math.ceil(milliseconds / 1000)
  const hours = Math.floor(total / 3600)
  const minutes = Math.floor((total % 3600) / 60)
  const seconds = total % 60
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`
}
