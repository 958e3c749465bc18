export * from './support/answers.ts'
export * from './support/client.ts'
export * from './support/fake-upstream.ts'
export * from './support/proxy.ts'
