import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { freePort, noRedis, startRedis } from '../../packages/server/test/redis.ts'
import { chat, fakeUpstream, healthy, provider } from './support.ts'
import { chatLimit, startInstance, storeLines } from './support/instances.ts'
import { selfSigned } from './support/self-signed.ts'

test.skipIf(noRedis)(
  'a store behind TLS is used when its certificate is trusted, and not otherwise',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'llmproxy-tls-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const { key, cert } = selfSigned()
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    writeFileSync(keyFile, key)
    writeFileSync(certFile, cert)
    const port = await freePort()
    const tls = ['--tls-port', String(port), '--tls-auth-clients', 'no', '--tls-ca-cert-file', certFile]
    await startRedis([...tls, '--tls-key-file', keyFile, '--tls-cert-file', certFile])
    const upstream = await fakeUpstream(healthy())
    const config = {
      ...chatLimit(1),
      redis_url: `rediss://127.0.0.1:${port}`,
      redis_timeout: 2,
      providers: [provider('a', upstream.url)],
    }

    const wary = await startInstance(config)
    await expect.poll(() => storeLines(wary), { interval: 5 }).toEqual([expect.stringMatching(/^warn/)])
    expect(JSON.stringify(wary.log)).toContain('SELF_SIGNED_CERT')

    const before = getCACertificates()
    onTestFinished(() => setDefaultCACertificates(before))
    setDefaultCACertificates([...before, cert])
    const two = [await startInstance(config), await startInstance(config)]
    for (const instance of two) expect(storeLines(instance)).toEqual([expect.stringMatching(/^info/)])
    const replies = [await chat(two[0]!.url), await chat(two[1]!.url)]
    expect(replies.map(({ status }) => status)).toEqual([200, 429])
  },
)
