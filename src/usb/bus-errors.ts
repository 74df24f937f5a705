import type { DfuErrorCode } from '../bytes/index.ts';

/** The codes of what a bus, its devices and their pipes throw. */
const codes: ReadonlySet<unknown> = new Set<DfuErrorCode>([
  'ABORTED',
  'ACCESS',
  'BUSY',
  'DISCONNECTED',
  'INVALID_ARGUMENT',
  'IO',
  'MALFORMED',
  'NOT_FOUND',
  'NO_USB',
  'OUT_OF_RANGE',
  'PROTOCOL',
  'STALLED',
  'TIMEOUT',
  'TRUNCATED',
  'UNSUPPORTED',
]);

/** A code that came from elsewhere, as a bus throws it; one that no bus throws is `IO`. */
export function busErrorCode(code: unknown): DfuErrorCode {
  return codes.has(code) ? (code as DfuErrorCode) : 'IO';
}
