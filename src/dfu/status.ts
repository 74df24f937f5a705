import { DfuError, struct, u24le, u8 } from '../bytes/index.ts';
import type { Struct } from '../bytes/index.ts';

/** DFU 1.1 §6.1.2: the states in the order of their numbers. */
export const DFU_STATES = [
  'appIDLE',
  'appDETACH',
  'dfuIDLE',
  'dfuDNLOAD-SYNC',
  'dfuDNBUSY',
  'dfuDNLOAD-IDLE',
  'dfuMANIFEST-SYNC',
  'dfuMANIFEST',
  'dfuMANIFEST-WAIT-RESET',
  'dfuUPLOAD-IDLE',
  'dfuERROR',
] as const;

export type DfuState = (typeof DFU_STATES)[number];

/** DFU 1.1 §6.1.2: the statuses in the order of their numbers. */
export const DFU_STATUSES = [
  'OK',
  'errTARGET',
  'errFILE',
  'errWRITE',
  'errERASE',
  'errCHECK_ERASED',
  'errPROG',
  'errVERIFY',
  'errADDRESS',
  'errNOTDONE',
  'errFIRMWARE',
  'errVENDOR',
  'errUSBR',
  'errPOR',
  'errUNKNOWN',
  'errSTALLEDPKT',
] as const;

export type DfuStatus = (typeof DFU_STATUSES)[number];

const meanings: Readonly<Record<DfuStatus, string>> = {
  OK: 'no error condition is present',
  errTARGET: 'the file is not for this device',
  errFILE: 'the file fails a vendor-specific check',
  errWRITE: 'the device cannot write memory',
  errERASE: 'erasing memory failed',
  errCHECK_ERASED: 'memory is not erased after erasing it',
  errPROG: 'programming memory failed',
  errVERIFY: 'memory does not hold what was programmed',
  errADDRESS: 'the address is out of range',
  errNOTDONE: 'the download ended before the device had all its data',
  errFIRMWARE: 'the firmware is corrupt, the device cannot return to run-time mode',
  errVENDOR: 'vendor-specific error',
  errUSBR: 'unexpected USB reset',
  errPOR: 'unexpected power-on reset',
  errUNKNOWN: 'something went wrong, the device does not know what',
  errSTALLEDPKT: 'the device stalled an unexpected request',
};

/** What a status means, in words. */
export function statusMeaning(status: DfuStatus): string {
  return meanings[status];
}

/** bState of a state. */
export function stateNumber(state: DfuState): number {
  return DFU_STATES.indexOf(state);
}

/** bStatus of a status. */
export function statusNumber(status: DfuStatus): number {
  return DFU_STATUSES.indexOf(status);
}

/** The state of a bState. Throws `MALFORMED` above 10. */
export function stateOf(bState: number): DfuState {
  const state = DFU_STATES[bState];
  if (state === undefined)
    throw new DfuError('MALFORMED', `bState: expected 0 to 10, got ${bState}`);
  return state;
}

/** The status of a bStatus. Throws `MALFORMED` above 15. */
export function statusOf(bStatus: number): DfuStatus {
  const status = DFU_STATUSES[bStatus];
  if (status === undefined) {
    throw new DfuError('MALFORMED', `bStatus: expected 0 to 15, got ${bStatus}`);
  }
  return status;
}

/** The six bytes that DFU_GETSTATUS answers (DFU 1.1 §6.1.2). */
export interface StatusAnswer {
  readonly bStatus: number;
  /** Least time in ms that the host shall wait before it asks again. */
  readonly bwPollTimeout: number;
  /** The state that the device enters right after this answer. */
  readonly bState: number;
  /** Index of a string about the status; 0 for none. */
  readonly iString: number;
}

export const statusAnswer: Struct<StatusAnswer> = struct<StatusAnswer>('DFU_GETSTATUS answer', {
  bStatus: u8,
  bwPollTimeout: u24le,
  bState: u8,
  iString: u8,
});
