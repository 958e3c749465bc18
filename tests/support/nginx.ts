import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Where nginx is installed; `undefined` when it is not. */
export function findNginx(): string | undefined {
  try {
    return execFileSync('sh', ['-c', 'PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v nginx'], {
      encoding: 'utf8',
    }).trim()
  } catch {
    return undefined
  }
}

export interface Nginx extends AsyncDisposable {
  /** Requests go here. */
  readonly socketPath: string
}

/** A real nginx in front of `upstream`, its defaults but for `directives` in the location. */
export async function startNginx(binary: string, upstream: string, directives = ''): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), 'llmproxy-nginx-'))
  const socketPath = join(folder, 'nginx.sock')
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const temporary = paths.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')
  await writeFile(
    join(folder, 'nginx.conf'),
    `worker_processes 1; pid ${folder}/nginx.pid; error_log stderr; daemon off;
    events {}
    http { access_log off; ${temporary}
      server { listen unix:${socketPath}; location / { proxy_pass ${upstream}; ${directives} } } }`,
  )
  const child = spawn(binary, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'], {
    stdio: 'ignore',
  })
  const exited = once(child, 'exit')
  for (let tries = 0; !existsSync(socketPath); tries++) {
    if (tries > 500 || child.exitCode !== null) throw new Error('nginx did not start')
    await sleep(10)
  }
  return {
    socketPath,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}
