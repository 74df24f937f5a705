import { DfuError } from '../bytes/index.ts';
import type { DfuErrorOptions } from '../bytes/index.ts';
import { DFU_STATES, DFU_STATUSES, statusAnswer, statusMeaning } from '../dfu/index.ts';
import type { DfuState } from '../dfu/index.ts';

/** A DFU_GETSTATUS answer, read (DFU 1.1 §6.1.2). */
export interface StatusReport {
  /** bStatus; devices also send numbers that DFU 1.1 does not have. */
  readonly status: number;
  readonly state: DfuState;
  /** Least time until the next DFU_GETSTATUS, in ms. */
  readonly pollTimeoutMs: number;
  /** How long it took to answer, in ms: time that the device was busy in, too. */
  readonly tookMs: number;
  /** Index of a string about the status, 0 for none. */
  readonly iString: number;
}

/** Bytes that came, and how long they were waited for, in ms. */
interface Answer {
  readonly data: Uint8Array;
  readonly tookMs?: number | undefined;
}

/** Reads the answer. Throws `PROTOCOL` if it is short or its state is none of DFU 1.1. */
export function readStatus({ data: bytes, tookMs = 0 }: Answer): StatusReport {
  if (bytes.length < statusAnswer.size) {
    const got = `expected ${statusAnswer.size} bytes, got ${bytes.length}`;
    throw new DfuError('PROTOCOL', `DFU_GETSTATUS answer: ${got}`);
  }
  const { bStatus, bwPollTimeout, bState, iString } = statusAnswer.decode(bytes);
  const state = DFU_STATES[bState];
  if (state === undefined) {
    throw new DfuError('PROTOCOL', `DFU_GETSTATUS answer.bState: expected 0 to 10, got ${bState}`);
  }
  return { status: bStatus, state, pollTimeoutMs: bwPollTimeout, tookMs, iString };
}

/** `errADDRESS (8): the address is out of range`. */
function describeStatus(status: number): string {
  const name = DFU_STATUSES[status];
  if (name === undefined) return `status ${status}, which DFU 1.1 does not have`;
  if (name === 'OK') return 'dfuERROR without a reason (status OK)';
  return `${name} (${status}): ${statusMeaning(name)}`;
}

/** What is known of a failure besides the device's own word. */
export interface FailureWords extends Pick<DfuErrorOptions, 'cause' | 'remedies'> {
  /** What it means on devices that are known. */
  readonly hint?: string | undefined;
}

/** The device says that something failed: `doing` names what this side was at. */
export function statusError(
  { status }: StatusReport,
  doing: string,
  { hint, ...options }: FailureWords = {},
): DfuError {
  const more = hint === undefined ? '' : `; ${hint}`;
  const message = `${doing}: the device reports ${describeStatus(status)}${more}`;
  return new DfuError('DEVICE_STATUS', message, { ...options, status });
}

/** Whether the report says that the device has failed. */
export function isFailure(report: StatusReport): boolean {
  return report.state === 'dfuERROR' || report.status !== 0;
}

/** An answer that this moment does not allow. */
export function unexpectedState(report: StatusReport, doing: string, expected: string): DfuError {
  return new DfuError(
    'PROTOCOL',
    `${doing}: expected ${expected}, the device is in ${report.state}`,
  );
}
