/**
 * What every part of the package shares: its one error class, and what a binary layout is. The parts themselves are the
 * subpath exports (`dfukit/host`, `dfukit/device`, …).
 *
 * @module
 */
export { DfuError } from './bytes/index.ts';
export type {
  DfuErrorCode,
  DfuErrorOptions,
  DfuRemedy,
  SendProgress,
  SendTally,
  Struct,
} from './bytes/index.ts';
