import type { DfuState, DfuStatus } from '../../dfu/index.ts';

/** What happens to the state machine of DFU 1.1 Appendix A. */
export type DfuEvent =
  | 'DETACH'
  /** DFU_DNLOAD with data. */
  | 'DNLOAD'
  /** DFU_DNLOAD with wLength 0: the download ends. */
  | 'DNLOAD_END'
  | 'UPLOAD'
  | 'GETSTATUS'
  | 'CLRSTATUS'
  | 'GETSTATE'
  | 'ABORT'
  /** A class request that DFU 1.1 does not know, or one of its requests in the wrong direction. */
  | 'OTHER'
  /** What was read for the last UPLOAD was less than wLength. */
  | 'SHORT_FRAME'
  /** The time that bwPollTimeout promised is over. */
  | 'POLL_TIMEOUT'
  /** No bus reset came within the time that DFU_DETACH allowed. */
  | 'DETACH_TIMEOUT'
  /** Run-time mode: the time is over after which the device detaches by itself (bitWillDetach). */
  | 'DETACH_DUE'
  /** Something failed that no request is to blame for; the context's `failure` says what. */
  | 'FAIL'
  | 'RESET'
  | 'POWER_ON'
  /** The host gave up the DNLOAD whose data stage was to come (USB 2.0 §5.5.5). */
  | 'ABANDONED'
  /** SET_CONFIGURATION, or SET_INTERFACE with another alternate setting than the selected one. */
  | 'ALTERNATE'
  /** SET_INTERFACE with the alternate setting that is selected. */
  | 'SAME_ALTERNATE'
  /** The function of run-time mode has left, and is as new if the device comes back to it. */
  | 'BEGIN_RUNTIME'
  /** Likewise the function of DFU mode. */
  | 'BEGIN_DFU';

/** Where the work stands that the last request caused. */
export type DfuWork = 'todo' | 'busy' | 'done' | 'failed';

/** All that the table needs to know of the device besides its state. */
export interface DfuContext {
  readonly canDnload: boolean;
  readonly canUpload: boolean;
  readonly manifestationTolerant: boolean;
  /** In 3 and 4 the block, in 6 and 7 the manifestation (`todo`: not begun). */
  readonly work: DfuWork;
  /** The status of what failed. */
  readonly failure: DfuStatus;
  /** The device has all the data that it expects. */
  readonly complete: boolean;
  /** The application can run. */
  readonly firmwareGood: boolean;
  /** The host has configured the device since it entered DFU mode. */
  readonly enumerated: boolean;
  /** A bus reset in this state is meant to leave DFU mode; only profiles ask. */
  readonly mayLeave: boolean;
  /** The medium does not agree to leave this state yet; only profiles ask. */
  readonly refused?: boolean | undefined;
  /** A device that is to leave DFU mode stays on the bus for a while. Left out: it does not. */
  readonly lingers?: boolean | undefined;
  /** The state in which the block was announced whose data stage has not come yet. */
  readonly blockFrom?: DfuState | undefined;
  /**
   * Run-time mode: what an accepted DFU_DETACH waits for: the host's bus reset, the moment that the
   * device leaves by itself, or the time that the application asked for. Left out: for nothing.
   */
  readonly detaching?: 'reset' | 'soon' | 'application' | undefined;
}

/** What the caller must do; the machine itself touches no memory, timer or bus. */
export type DfuEffect =
  /** Refuse the request; `status` is the device's status from now on, none: as it was. */
  | { readonly do: 'stall'; readonly status?: DfuStatus }
  /** Never answer the request. */
  | { readonly do: 'silence' }
  /** Never answer the request until the work is over; then it is asked anew. */
  | { readonly do: 'wait' }
  /** Refuse the request and change nothing: the original would not outlive it; the log says so. */
  | { readonly do: 'withhold'; readonly because: string }
  /** Acknowledge the request, with no data; `status` is the device's status from now on, none: as it was. */
  | { readonly do: 'accept'; readonly status?: DfuStatus }
  /** Take the block and write it. */
  | { readonly do: 'write' }
  /** Acknowledge; the download is complete. */
  | { readonly do: 'end' }
  /** Answer bytes of the memory, then say `SHORT_FRAME` if they were fewer than asked for. */
  | { readonly do: 'read' }
  /**
   * Answer the six bytes of DFU_GETSTATUS; `status` is the device's status from now on, none: as it
   * was. `completes`: with it the download is complete.
   */
  | { readonly do: 'report'; readonly status?: DfuStatus; readonly completes?: true }
  /** Begin the manifestation, then ask the machine again. */
  | { readonly do: 'manifest' }
  /** Answer the one byte of DFU_GETSTATE. */
  | { readonly do: 'state' }
  /** Acknowledge; the status is OK again and what was written counts for nothing. */
  | { readonly do: 'clear' }
  /** Acknowledge (a request) and discard what was written. */
  | { readonly do: 'discard' }
  /** Acknowledge; then detach (bitWillDetach) or start the detach timer. */
  | { readonly do: 'detach' }
  /** Acknowledge; then leave DFU mode. `afterMs` overrides the usual delay. */
  | { readonly do: 'leave'; readonly afterMs?: number }
  /** Report, and leave DFU mode after that time. */
  | { readonly do: 'report-and-leave'; readonly afterMs: number }
  /** Leave the bus at once; the request is never answered. */
  | { readonly do: 'vanish' }
  /** The reset ends DFU mode: the application is next. */
  | { readonly do: 'boot' }
  /** Nothing has been downloaded, and nothing is due. */
  | { readonly do: 'begin' }
  /** Run-time mode ends: the descriptors of DFU mode are next. */
  | { readonly do: 'enter' }
  /** dfuERROR for a reason of its own. */
  | { readonly do: 'error'; readonly status: DfuStatus }
  | { readonly do: 'nothing' };

/** The next state, and what to do. */
export type DfuStep = readonly [next: DfuState, effect: DfuEffect];

const NOTHING: DfuEffect = { do: 'nothing' };
const STALL: DfuEffect = { do: 'stall' };
const REPORT: DfuEffect = { do: 'report' };
const STATE: DfuEffect = { do: 'state' };
const DISCARD: DfuEffect = { do: 'discard' };
const BOOT: DfuEffect = { do: 'boot' };

/** The steps that every block goes through, made once. */
const TAKE: DfuStep = ['dfuDNLOAD-SYNC', { do: 'write' }];
const TAKEN: DfuStep = ['dfuDNLOAD-IDLE', REPORT];
const BUSY: DfuStep = ['dfuDNBUSY', REPORT];
const ABORTED: DfuStep = ['dfuIDLE', DISCARD];
const ANEW: DfuStep = ['dfuIDLE', { do: 'begin' }];

/** A request that the state does not expect (DFU 1.1 §6.1.2, errSTALLEDPKT). */
const REFUSED: DfuStep = ['dfuERROR', { do: 'stall', status: 'errSTALLEDPKT' }];

/** The events that must be answered. */
export const REQUESTS: readonly DfuEvent[] = [
  'DETACH',
  'DNLOAD',
  'DNLOAD_END',
  'UPLOAD',
  'GETSTATUS',
  'CLRSTATUS',
  'GETSTATE',
  'ABORT',
  'OTHER',
];
const ANSWERED: ReadonlySet<DfuEvent> = new Set(REQUESTS);

/** What run-time mode does not know. */
const DFU_MODE_ONLY: ReadonlySet<DfuEvent> = new Set([
  'SHORT_FRAME',
  'POLL_TIMEOUT',
  'FAIL',
  'ABANDONED',
  'ALTERNATE',
  'SAME_ALTERNATE',
]);

/** What ends a transfer between two of its blocks. */
const ENDING: ReadonlySet<DfuEvent> = new Set(['ABORT', 'ALTERNATE', 'SAME_ALTERNATE']);

/** Bus reset or power-on in DFU mode: the application if it can run, else errFIRMWARE. */
function restart(state: DfuState, event: DfuEvent, context: DfuContext): DfuStep {
  if (!context.firmwareGood) return ['dfuERROR', { do: 'error', status: 'errFIRMWARE' }];
  if (event === 'POWER_ON' || context.lingers !== true) return ['appIDLE', BOOT];
  // To a host that reads on after its reset it still is what it was.
  return [state === 'dfuMANIFEST-WAIT-RESET' ? state : 'dfuIDLE', BOOT];
}

/** What no state of DFU mode treats in a way of its own. */
function otherwise(state: DfuState, event: DfuEvent, context: DfuContext): DfuStep {
  if (event === 'RESET' || event === 'POWER_ON') return restart(state, event, context);
  if (event === 'FAIL') return ['dfuERROR', { do: 'error', status: context.failure }];
  if (event === 'BEGIN_DFU') return ANEW;
  if (event === 'BEGIN_RUNTIME') return ['appIDLE', NOTHING];
  // A request that has not come to its end has changed nothing.
  if (event === 'ABANDONED') return [context.blockFrom ?? state, NOTHING];
  if (!ANSWERED.has(event)) return [state, NOTHING];
  // In dfuERROR the status stays until CLRSTATUS: the first failure is the one to be told.
  return state === 'dfuERROR' ? ['dfuERROR', STALL] : REFUSED;
}

/**
 * DFU 1.1 Appendix A.2, whole: one case per table. A profile says where a device departs from it.
 * What the specification does not mention is here, too. Another alternate setting ends the transfer
 * under way like DFU_ABORT, for the memory is another one (TinyUSB does the same). In the manifestation
 * it does not, nor does the one that is selected while a block is written: libusb selects alternate 0
 * whenever it releases the interface.
 */
export function dfuStep(state: DfuState, event: DfuEvent, context: DfuContext): DfuStep {
  switch (state) {
    case 'appIDLE': // A.2.1
      if (event === 'DETACH') return ['appDETACH', { do: 'detach' }];
      return application(state, event);

    case 'appDETACH': // A.2.2
      // The device that detaches by itself does what the reset would do (bitWillDetach, table 4.2).
      if (event === 'RESET' || event === 'DETACH_DUE') return ['dfuIDLE', { do: 'enter' }];
      return application(state, event);

    case 'dfuIDLE': // A.2.3
      if (event === 'DNLOAD' && context.canDnload) return TAKE;
      if (event === 'UPLOAD' && context.canUpload) return ['dfuUPLOAD-IDLE', { do: 'read' }];
      if (event === 'ABORT') return [state, DISCARD];
      return observed(state, event) ?? otherwise(state, event, context);

    case 'dfuDNLOAD-SYNC': // A.2.4
      if (event === 'GETSTATUS') return synced(context);
      if (event === 'GETSTATE') return [state, STATE];
      if (event === 'ALTERNATE') return ABORTED;
      return otherwise(state, event, context);

    case 'dfuDNBUSY': // A.2.5: any request before bwPollTimeout is over is an error
      if (event === 'POLL_TIMEOUT') return ['dfuDNLOAD-SYNC', NOTHING];
      if (event === 'ALTERNATE') return ABORTED;
      return otherwise(state, event, context);

    case 'dfuDNLOAD-IDLE': // A.2.6
      if (event === 'DNLOAD') return TAKE;
      if (event === 'DNLOAD_END') {
        if (context.complete) return ['dfuMANIFEST-SYNC', { do: 'end' }];
        return ['dfuERROR', { do: 'stall', status: 'errNOTDONE' }];
      }
      if (ENDING.has(event)) return ABORTED;
      return observed(state, event) ?? otherwise(state, event, context);

    case 'dfuMANIFEST-SYNC': // A.2.7
      if (event === 'GETSTATUS') return manifestSynced(context);
      if (event === 'GETSTATE') return [state, STATE];
      return otherwise(state, event, context);

    case 'dfuMANIFEST': // A.2.8
      if (event === 'POLL_TIMEOUT') {
        const next = context.manifestationTolerant ? 'dfuMANIFEST-SYNC' : 'dfuMANIFEST-WAIT-RESET';
        return [next, NOTHING];
      }
      return otherwise(state, event, context);

    case 'dfuMANIFEST-WAIT-RESET': // A.2.9: the device cannot talk any more
      if (ANSWERED.has(event)) return [state, { do: 'silence' }];
      return otherwise(state, event, context);

    case 'dfuUPLOAD-IDLE': // A.2.10
      if (event === 'UPLOAD') return [state, { do: 'read' }];
      if (event === 'SHORT_FRAME') return ['dfuIDLE', NOTHING];
      if (ENDING.has(event)) return ABORTED;
      return observed(state, event) ?? otherwise(state, event, context);

    case 'dfuERROR': // A.2.11
      if (event === 'CLRSTATUS') return ['dfuIDLE', { do: 'clear' }];
      return observed(state, event) ?? otherwise(state, event, context);

    default:
      return state satisfies never;
  }
}

/** A.2.1 and A.2.2: run-time mode; whatever does not belong there ends in appIDLE. */
function application(state: 'appIDLE' | 'appDETACH', event: DfuEvent): DfuStep {
  const seen = observed(state, event);
  if (seen !== undefined) return seen;
  if (ANSWERED.has(event)) return ['appIDLE', STALL];
  // The application that a reset has started is gone again.
  if (event === 'BEGIN_DFU') return ANEW;
  return [DFU_MODE_ONLY.has(event) ? state : 'appIDLE', NOTHING];
}

/** The two requests that look and do not touch. */
function observed(state: DfuState, event: DfuEvent): DfuStep | undefined {
  if (event === 'GETSTATUS') return [state, REPORT];
  if (event === 'GETSTATE') return [state, STATE];
  return undefined;
}

/** A.2.4, DFU_GETSTATUS: the state reported is the one that is entered. */
function synced({ work, failure }: DfuContext): DfuStep {
  switch (work) {
    case 'todo':
    case 'busy':
      return BUSY;
    case 'done':
      return TAKEN;
    case 'failed':
      return ['dfuERROR', { do: 'report', status: failure }];
    default:
      return work satisfies never;
  }
}

/** A.2.7, DFU_GETSTATUS. */
function manifestSynced({ work, failure, manifestationTolerant }: DfuContext): DfuStep {
  switch (work) {
    case 'todo':
      return ['dfuMANIFEST-SYNC', { do: 'manifest' }];
    case 'busy':
      return ['dfuMANIFEST', REPORT];
    case 'done':
      return [manifestationTolerant ? 'dfuIDLE' : 'dfuMANIFEST', REPORT];
    case 'failed':
      return ['dfuERROR', { do: 'report', status: failure }];
    default:
      return work satisfies never;
  }
}
