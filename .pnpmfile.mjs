// The registry metadata of the Node platform packages has `os` and `cpu` as plain strings, which pnpm
// does not understand. Lists let it install only the binary that fits this machine.
const nodePackage = /^node-(?:bin-)?(linux|darwin|win)-(x64|arm64)$/

function readPackage(manifest) {
  const match = nodePackage.exec(manifest.name ?? '')
  if (match === null) return manifest
  const [, system, cpu] = match
  manifest.os = [system === 'win' ? 'win32' : system]
  manifest.cpu = [cpu]
  // The Linux binaries are linked against glibc; on musl the machine's own Node is used.
  if (system === 'linux') manifest.libc = ['glibc']
  return manifest
}

export const hooks = { readPackage }
