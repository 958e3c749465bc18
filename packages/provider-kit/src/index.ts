export * from './contract.ts'
export * from './wire.ts'
export { definePlugin } from './define-plugin.ts'
export { type Fault, type FaultKind, faultKinds, ProviderFault } from './fault.ts'
