/** What follows a fault: the table, the next step, and what the client sees. */
export {
  breakerRule,
  type BreakerRule,
  type FaultRule,
  faultPolicy,
  isSocketRace,
  keyRule,
  type KeyRule,
  type ObservedFault,
  type RetryRule,
} from './fault-table.ts'
export { decide, type DecideInput, type Decision } from './decide.ts'
export { faultToError, type FaultToErrorOptions } from './fault-error.ts'
export { providersUnavailable } from './providers-unavailable.ts'
