import type { DfuStatus } from '../../dfu/index.ts';
import type { Leave, LeaveOnReset } from '../conversation/leave.ts';
import type { DfuRefusal } from '../conversation/refusal.ts';
import type { Condition } from '../core/condition.ts';
import type { DfuProfile, FunctionalPlace } from '../dfu/profile.ts';
import type { FunctionalOptions } from '../dfu/functional.ts';
import type { Medium } from '../media/medium.ts';

/** What a DFU-mode function is made of. */
export interface DfuModeOptions {
  /** One alternate setting each, 1 to 256. */
  readonly media: readonly Medium[];
  readonly functional?: FunctionalOptions | undefined;
  /** Behind which alternate setting the functional descriptor stands. Default: the profile's. */
  readonly functionalAfter?: FunctionalPlace | undefined;
  /** Default `COMPATIBLE`. */
  readonly profile?: DfuProfile | undefined;
  /** Other than `OK`, the device starts in dfuERROR with it: errFIRMWARE, errPOR. Default `OK`. */
  readonly initialStatus?: DfuStatus | undefined;
  /** Whether the application can run, asked when a reset would start it. Default: it can. */
  readonly firmwareGood?: (() => boolean) | undefined;
  /**
   * Which bus resets leave DFU mode once the host has configured the device: those after a complete
   * download (default), all, or none. Profile `strict` leaves at every reset, as DFU 1.1 has it.
   */
  readonly leaveOnReset?: LeaveOnReset | undefined;
  /** What must hold when an upload begins, or it is refused (errVENDOR, the reason in iString). */
  readonly uploadCondition?: Condition | undefined;
  /** Default: the profile's. */
  readonly leaveDelayMs?: number | undefined;
  /** Default: the profile's. */
  readonly waitResetMs?: number | undefined;
  /**
   * The device leaves DFU mode: start the application. Without it there is no application, and the
   * function goes back to dfuIDLE instead.
   */
  readonly onLeave?: ((leave: Leave) => void) | undefined;
  /** A download of that many bytes is complete and the medium has finished with it. */
  readonly onManifested?: ((medium: Medium, bytes: number) => void) | undefined;
  /** The function has gone to dfuERROR: what it told its host, once for each time. */
  readonly onRefused?: ((refusal: DfuRefusal) => void) | undefined;
}
