import type { Condition } from '../core/condition.ts';
import type { DfuProfile } from '../dfu/profile.ts';
import { DfuRuntime } from './dfu-runtime.ts';
import type { Allowance, Detach } from './detach.ts';
import type { FunctionalOptions } from '../dfu/functional.ts';

/**
 * What an application with a run-time function decides, and what it says of itself. Only `detach` must
 * be there.
 */
export interface DfuRuntimeOps {
  /**
   * DFU_DETACH has come with this time-out. The answer accepts it, with that time or another one, or
   * refuses it; a promise holds the request meanwhile (NAK on the wire), and one that rejects refuses.
   * The time is how long the function waits: with `willDetach` before it calls `detach`, without it
   * for the bus reset. Left out: accepted with the host's time.
   */
  allow?(timeoutMs: number): Allowance | Promise<Allowance>;
  /**
   * Go to DFU mode now. The device is still on the bus; with reason `reset` this is inside a bus reset,
   * and what the device is from now on the host reads next.
   */
  detach(detach: Detach): void;
  /** bitWillDetach: it detaches by itself, the host need not reset the bus. Default true. */
  readonly willDetach?: boolean | undefined;
  /** bitManifestationTolerant of DFU mode. Default false. */
  readonly manifestationTolerant?: boolean | undefined;
  /** bitCanDnload of DFU mode. Default true. */
  readonly canDnload?: boolean | undefined;
  /** bitCanUpload of DFU mode. Default true. */
  readonly canUpload?: boolean | undefined;
  /** wDetachTimeOut, in ms. Default 255. */
  readonly detachTimeOutMs?: number | undefined;
  /** wTransferSize of DFU mode, in bytes. Default 2048. */
  readonly maxTransferSize?: number | undefined;
  /** Default 0x0110; 0x011a says that a DfuSe loader is next. */
  readonly bcdDFUVersion?: number | undefined;
}

/** Where the function stands, beside what the application says. */
export interface DfuRuntimeSurroundings {
  /** iInterface; none by default. */
  readonly name?: string | undefined;
  /** Default `COMPATIBLE`. */
  readonly profile?: DfuProfile | undefined;
  /** See `DfuRuntimeOptions.association`. */
  readonly association?: boolean | undefined;
  /** What must hold, or DFU_DETACH is refused without asking the application. */
  readonly detachCondition?: Condition | undefined;
}

/** The functional descriptor that an application's decisions make. */
function functionalOfOps(ops: DfuRuntimeOps): FunctionalOptions {
  return {
    bmAttributes: {
      willDetach: ops.willDetach ?? true,
      manifestationTolerant: ops.manifestationTolerant ?? false,
      canDnload: ops.canDnload ?? true,
      canUpload: ops.canUpload ?? true,
    },
    wDetachTimeOut: ops.detachTimeOutMs ?? 255,
    wTransferSize: ops.maxTransferSize ?? 2048,
    bcdDFUVersion: ops.bcdDFUVersion,
  };
}

/**
 * A run-time function around an application. Its time is driven by `tick`, as that of every function.
 * Throws `INVALID_ARGUMENT`.
 */
export function dfuRuntime(ops: DfuRuntimeOps, around: DfuRuntimeSurroundings = {}): DfuRuntime {
  return new DfuRuntime({
    ...around,
    functional: functionalOfOps(ops),
    allow: (timeoutMs) => (ops.allow === undefined ? timeoutMs : ops.allow(timeoutMs)),
    onDetach: (detach) => ops.detach(detach),
    staysOnBus: true,
  });
}
