import type { DfuStatus } from '../../dfu/index.ts';

/** What a function in DFU mode did not do for its host: it has gone to dfuERROR (DFU 1.1 §6.1.2). */
export interface DfuRefusal {
  /** bStatus as a word. */
  readonly status: Exclude<DfuStatus, 'OK'>;
  /** Why, in words for a person; the host sees them as iString where the profile has one. */
  readonly reason: string;
  /** The alternate setting that was selected; undefined if none was, as with RIOT before the first SET_INTERFACE. */
  readonly alternate: number | undefined;
  /** Bytes of the last download that the medium had taken until then; 0 where the function counts none. */
  readonly bytes: number;
}
