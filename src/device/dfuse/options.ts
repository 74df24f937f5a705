import type { DfuStatus } from '../../dfu/index.ts';
import type { DfuRefusal } from '../conversation/refusal.ts';
import type { Leave, LeaveReason } from '../conversation/leave.ts';
import type { DfuSeMemory } from './memory.ts';
import type { DfuSeProfile } from './profile.ts';
import type { FunctionalOptions } from '../dfu/functional.ts';

/** Why a DfuSe device leaves DFU mode: as in plain DFU, or because it was unprotected. */
export type DfuSeLeaveReason = LeaveReason | 'unprotected';

/** How a DfuSe device leaves DFU mode. */
export interface DfuSeLeave extends Leave<DfuSeLeaveReason> {
  /** The address pointer: where a loader in ROM jumps to. */
  readonly address: number;
}

/** What a DfuSe function is made of. */
export interface DfuSeModeOptions {
  /** One alternate setting each, 1 to 256. */
  readonly memories: readonly DfuSeMemory[];
  /** Default: bcdDFUVersion 0x011a, wTransferSize 2048, the rest as in plain DFU. */
  readonly functional?: FunctionalOptions | undefined;
  /** Default `DFUSE_COMPATIBLE`. */
  readonly profile?: DfuSeProfile | undefined;
  /** Other than `OK`, the device starts in dfuERROR with it. Default: the profile's. */
  readonly initialStatus?: DfuStatus | undefined;
  /** The address pointer at power-on. Default: where the first memory begins. */
  readonly initialAddress?: number | undefined;
  /** Least bwPollTimeout for each job, in ms. Default: the profile's. */
  readonly pollTimesMs?: DfuSeProfile['pollTimesMs'] | undefined;
  /** From the end of the manifestation to leaving the bus, in ms. Default: the profile's. */
  readonly leaveDelayMs?: number | undefined;
  /**
   * The device leaves DFU mode: start the application. Without it there is no application, and the
   * function goes back to dfuIDLE instead.
   */
  readonly onLeave?: ((leave: DfuSeLeave) => void) | undefined;
  /** The function has gone to dfuERROR. DfuSe has blocks, not downloads: `bytes` is 0. */
  readonly onRefused?: ((refusal: DfuRefusal) => void) | undefined;
}
