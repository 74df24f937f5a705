import { DfuError } from '../../bytes/index.ts';
import type { MediumResult } from '../../device/index.ts';
import type { DfuStatus } from '../../dfu/index.ts';
import type { Flash } from '../../flash/index.ts';

/** Hands out the time that a flash was busy in whole milliseconds; fractions wait until they add up. */
export class BusyTime {
  readonly #flash: Flash;
  #toldUs: number;

  constructor(flash: Flash) {
    this.#flash = flash;
    this.#toldUs = flash.busyUs;
  }

  /** What came since the last call, in whole ms. */
  take(): number {
    const ms = Math.floor((this.#flash.busyUs - this.#toldUs) / 1000);
    this.#toldUs += ms * 1000;
    return ms;
  }
}

const statuses: Partial<Record<DfuError['code'], DfuStatus>> = {
  MALFORMED: 'errFILE',
  OUT_OF_RANGE: 'errADDRESS',
  TRUNCATED: 'errNOTDONE',
  FLASH_RULE: 'errPROG',
  IO: 'errWRITE',
  BUSY: 'errWRITE',
};

/** Runs it and says how it went. A power cut is no status: there is nobody left to report one. */
export function report(busy: BusyTime, refused: DfuStatus, work: () => void): MediumResult {
  try {
    work();
  } catch (error) {
    if (!DfuError.is(error) || error.code === 'POWER_LOST') throw error;
    const status = error.code === 'REFUSED' ? refused : (statuses[error.code] ?? 'errUNKNOWN');
    return { status, busyMs: busy.take(), reason: error.message };
  }
  return { status: 'OK', busyMs: busy.take() };
}
