import type { DfuState, DfuStatus } from '../../dfu/index.ts';
import type { ControlQuirks } from '../core/chapter9.ts';
import { dfuStep } from './machine.ts';
import type { DfuContext, DfuEffect, DfuEvent, DfuStep } from './machine.ts';
import type { FunctionalDefects } from './functional-defects.ts';

/** One way in which a device departs from the table of DFU 1.1 Appendix A. */
export interface Deviation {
  readonly name: string;
  /** Why, and where it was seen. */
  readonly why: string;
  readonly states: readonly DfuState[];
  readonly events: readonly DfuEvent[];
  /** Only while that holds, of several all; left out: always. */
  readonly when?: DeviationCondition | readonly DeviationCondition[] | undefined;
  /** The next state; left out: the same. */
  readonly next?: DfuState | undefined;
  readonly effect: DfuEffect;
}

/** What a deviation may depend on. */
export type DeviationCondition =
  /** Not configured since DFU mode began. */
  | 'unenumerated'
  /** No reset is to leave DFU mode now. */
  | 'mustStay'
  /** bitManifestationTolerant is set, or is not. */
  | 'tolerant'
  | 'intolerant'
  /** The medium does not agree to leave this state. */
  | 'refused'
  /** Run-time mode: the device detaches by itself after the time that its application asked for. */
  | 'preparing'
  /** Run-time mode: no DFU_DETACH waits for a bus reset. */
  | 'noResetAwaited';

/** Behind which of the alternate settings the functional descriptor stands. */
export type FunctionalPlace = 'first' | 'last' | 'each';

/**
 * How a device talks in DFU mode, whatever stands behind it: where it differs from the table and from
 * what the specification leaves open. Data only.
 */
export interface ConversationProfile {
  readonly name: string;
  readonly deviations: readonly Deviation[];
  /** DFU_DNLOAD beyond wTransferSize is stalled. */
  readonly limitsBlocks: boolean;
  /** DFU_UPLOAD beyond wTransferSize is stalled. Default: it is not. */
  readonly limitsUploads?: boolean | undefined;
  /** A block in a state that takes none is stalled at once (default), or after its data stage. */
  readonly refusesBlocksAt?: 'setup' | 'data' | undefined;
  /** More data than that in one transfer is never answered, and none is sent. Default: no limit. */
  readonly bufferBytes?: number | undefined;
  /** SET_CONFIGURATION leaves the alternate setting as it was. Default: alternate 0 is selected. */
  readonly keepsAlternate?: boolean | undefined;
  /** Behind which alternate setting the functional descriptor stands. Default `last` (DFU 1.1 §4.2.4). */
  readonly functionalAfter?: FunctionalPlace | undefined;
  /** What DFU_GETSTATUS answers whatever happened; there is no iString then. */
  readonly fixedReport?: { readonly status?: DfuStatus; readonly pollTimeoutMs: number };
  /** The state that is told: the one that the request leads to (default), or the one before it. */
  readonly reports?: 'entered' | 'before' | undefined;
  /** DFU_GETSTATUS and DFU_GETSTATE say nothing to a wLength other than 6 and 1. */
  readonly exactLengths?: boolean | undefined;
  /** Answers that do not fit into wLength are errSTALLEDPKT instead of being cut. */
  readonly wholeAnswers?: boolean | undefined;
  /** Requests in the wrong direction are taken: they change the state, and no data moves. */
  readonly ignoresDirection?: boolean | undefined;
  /** Greater bRequests are stalled and change nothing; default: they are errors like other unknown ones. */
  readonly highestRequest?: number | undefined;
  /** DFU_DETACH may carry data, which it must not have: taken and ignored. */
  readonly takesStrayData?: boolean | undefined;
  /** From what ends DFU mode to leaving the bus, in ms. */
  readonly leaveDelayMs: number;
  /** Once it is to leave, neither a reset nor a second reason puts it off. Default: they do, for a while. */
  readonly leavesSteadily?: boolean | undefined;
  /** Where its control endpoint departs from USB 2.0 chapter 9. */
  readonly control?: ControlQuirks | undefined;
}

/** How a device of plain DFU differs from the table and from what the specification leaves open. */
export interface DfuProfile extends ConversationProfile {
  /**
   * A block with the number of the one before it: the host tries again, or it is just the next one.
   * `medium`: numbers go on to the medium as they come, those of the last block, too.
   */
  readonly blockNumbers: 'checked' | 'ignored' | 'medium';
  /** A read-only medium (errWRITE) and a download beyond the end (errADDRESS) are refused without asking the medium. */
  readonly checksMedium: boolean;
  /** A write that failed: dfuERROR in the next DFU_GETSTATUS, or a stall of the data stage. */
  readonly failsAt: 'status' | 'data';
  /** A read that failed: a stall (default), or an answer of no bytes; dfuERROR either way. */
  readonly failsReading?: 'stall' | 'empty' | undefined;
  /** The status of whatever a medium fails with. Default: the one that the medium gives. */
  readonly failsWith?: DfuStatus | undefined;
  /** The memory works while the host polls (bwPollTimeout), or while it waits for the transfer. */
  readonly busy: 'polled' | 'held';
  /** Which alternate setting is selected before the first SET_INTERFACE. Default: alternate 0. */
  readonly selectedAtFirst?: 'none' | undefined;
  /** The manifestation begins with the DFU_GETSTATUS after the last block, or with the last block. */
  readonly manifestsAt: 'status' | 'end';
  /** One download from power-on to power-off: a second one goes on where the first ended. */
  readonly oneDownload: boolean;
  /** From DFU_DETACH in run-time mode to leaving the bus, in ms, where bitWillDetach is set. Default 20. */
  readonly detachDelayMs?: number | undefined;
  /** From DFU_DETACH, or from SET_CONFIGURATION after the reset that ends the download, to leaving the bus, in ms; 0: inside the reset. */
  readonly leaveDelayMs: number;
  /** How long dfuMANIFEST-WAIT-RESET waits before the device leaves by itself, in ms. */
  readonly waitResetMs: number;
  /** What is wrong with its functional descriptor. */
  readonly functional?: FunctionalDefects | undefined;
  /** It is of the run-time class alone: in DFU mode the device is another one, and `compatible`. */
  readonly runtimeOnly?: boolean | undefined;
  /** It is a real device's: what that one does not say of itself to systems and browsers stays unsaid. */
  readonly isOriginal?: boolean | undefined;
  /** bitWillDetach unless told otherwise. Default: as the link needs it. */
  readonly willDetach?: boolean | undefined;
  /** What stands behind it writes as the original's does, defects included. Default: with every check. */
  readonly writesAsOriginal?: boolean | undefined;
  /** Where its control endpoint departs from USB 2.0 chapter 9 in DFU mode besides. */
  readonly controlInDfuMode?: ControlQuirks | undefined;
}

/** The states in which a transfer is under way. */
export const TRANSFERRING: readonly DfuState[] = [
  'dfuDNLOAD-SYNC',
  'dfuDNBUSY',
  'dfuDNLOAD-IDLE',
  'dfuMANIFEST-SYNC',
  'dfuMANIFEST',
  'dfuUPLOAD-IDLE',
];
/** Every state of DFU mode. */
export const DFU_MODE: readonly DfuState[] = [
  'dfuIDLE',
  ...TRANSFERRING,
  'dfuMANIFEST-WAIT-RESET',
  'dfuERROR',
];

/** The state machine of one profile. */
export type DfuMachine = (state: DfuState, event: DfuEvent, context: DfuContext) => DfuStep;

function holds(condition: DeviationCondition, context: DfuContext): boolean {
  switch (condition) {
    case 'unenumerated':
      return !context.enumerated;
    case 'mustStay':
      return !context.mayLeave;
    case 'tolerant':
      return context.manifestationTolerant;
    case 'intolerant':
      return !context.manifestationTolerant;
    case 'refused':
      return context.refused === true;
    case 'preparing':
      return context.detaching === 'application';
    case 'noResetAwaited':
      return context.detaching !== 'reset';
    default:
      return condition satisfies never;
  }
}

/** In their order: to ask the medium is not without effect. */
function firstThatHolds(
  deviations: readonly Deviation[],
  context: DfuContext,
): Deviation | undefined {
  return deviations.find(({ when = [] }) =>
    (typeof when === 'string' ? [when] : when).every((each) => holds(each, context)),
  );
}

/** The table as a profile has it: its deviations in order, then DFU 1.1. */
export function dfuMachine(profile: Pick<DfuProfile, 'deviations'>): DfuMachine {
  const index = new Map<DfuState, Map<DfuEvent, Deviation[]>>();
  for (const deviation of profile.deviations) {
    for (const state of deviation.states) {
      const row = index.get(state) ?? new Map<DfuEvent, Deviation[]>();
      index.set(state, row);
      for (const event of deviation.events) row.set(event, [...(row.get(event) ?? []), deviation]);
    }
  }
  return (state, event, context) => {
    const candidates = index.get(state)?.get(event);
    // Most steps have none, and then nothing is made to look for one.
    const found = candidates && firstThatHolds(candidates, context);
    if (found !== undefined) return [found.next ?? state, found.effect];
    return dfuStep(state, event, context);
  };
}
