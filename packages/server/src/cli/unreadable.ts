const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'this process may not read it',
  EPERM: 'this process may not read it',
  ELOOP: 'its links lead back to themselves',
}

/** Why a file cannot be read, for a person: the code of the system stands for itself when it is a rare one. */
export function unreadableReason(code: string | undefined): string {
  return (code === undefined ? undefined : reasons[code]) ?? code ?? 'unknown reason'
}
