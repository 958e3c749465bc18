import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { endWithThisProcess, stopProcess } from './child.ts'

/** A running nginx in one process, without a master, so that its processor time is one figure. */
export interface Nginx {
  readonly pid: number
  readonly port: number
  stop(): Promise<void>
}

/** Starts nginx as a plain streaming proxy; `undefined` when it is not installed. */
export async function startNginx(upstreamPort: number, folder: string): Promise<Nginx | undefined> {
  if (spawnSync('nginx', ['-v'], { stdio: 'ignore' }).error !== undefined) return undefined
  const port = await freePort()
  const place = join(folder, 'nginx')
  mkdirSync(place, { recursive: true })
  writeFileSync(join(place, 'nginx.conf'), configuration({ port, upstreamPort }))
  const child = spawn(
    'nginx',
    ['-p', place, '-c', join(place, 'nginx.conf'), '-e', join(place, 'error.log')],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  endWithThisProcess(child)
  await untilListening(port)
  return { pid: child.pid!, port, stop: () => stopProcess(child) }
}

function configuration({ port, upstreamPort }: { port: number; upstreamPort: number }): string {
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `daemon off;
master_process off;
worker_processes 1;
pid nginx.pid;
error_log error.log warn;
events { worker_connections 4096; }
http {
  ${folders.map((name) => `${name}_temp_path ${name};`).join('\n  ')}
  access_log off;
  keepalive_requests 1000000;
  upstream bench {
    server 127.0.0.1:${upstreamPort};
    keepalive 256;
    keepalive_requests 1000000;
  }
  server {
    listen 127.0.0.1:${port};
    client_body_buffer_size 64k;
    location / {
      proxy_pass http://bench;
      proxy_http_version 1.1;
      proxy_set_header connection "";
      proxy_buffering off;
    }
  }
}
`
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => {
    server.close(resolve)
  })
  return port
}

async function untilListening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await accepts(port)) return
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
  }
  throw new Error('nginx does not listen after five seconds')
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
