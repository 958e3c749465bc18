// The upstream of the soak: the mock server, in a process of its own.
import { startMockServer } from '@llmproxy/provider-mock/server'

const upstream = await startMockServer({ recordedRequests: 0 })
process.once('disconnect', () => process.exit(0))
process.send?.({ port: upstream.port })
