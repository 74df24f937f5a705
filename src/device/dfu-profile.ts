import type { DfuState, DfuStatus } from '../dfu/index.ts';
import type { ControlQuirks } from './chapter9.ts';
import { dfuStep } from './dfu-machine.ts';
import type { DfuContext, DfuEffect, DfuEvent, DfuStep } from './dfu-machine.ts';

/** One way in which a device departs from the table of DFU 1.1 Appendix A. */
export interface Deviation {
  readonly name: string;
  /** Why, and where it was seen. */
  readonly why: string;
  readonly states: readonly DfuState[];
  readonly events: readonly DfuEvent[];
  /** Only while that holds; left out: always. */
  readonly when?: DeviationCondition;
  /** The next state; left out: the same. */
  readonly next?: DfuState;
  readonly effect: DfuEffect;
}

/** `unenumerated`: not configured since DFU mode began; `mustStay`: no reset is to leave DFU mode now. */
export type DeviationCondition = 'unenumerated' | 'mustStay';

/** How a device differs from the table and from what the specification leaves open. Data only. */
export interface DfuProfile {
  readonly name: string;
  readonly deviations: readonly Deviation[];
  /** A block with the number of the one before it: the host tries again, or it is just the next one. */
  readonly blockNumbers: 'checked' | 'ignored';
  /** DFU_DNLOAD beyond wTransferSize is stalled. */
  readonly limitsBlocks: boolean;
  /** A read-only medium (errWRITE) and a download beyond the end (errADDRESS) are refused without asking the medium. */
  readonly checksMedium: boolean;
  /** A write that failed: dfuERROR in the next DFU_GETSTATUS, or a stall of the data stage. */
  readonly failsAt: 'status' | 'data';
  /** The memory works while the host polls (bwPollTimeout), or while it waits for the transfer. */
  readonly busy: 'polled' | 'held';
  /** The manifestation begins with the DFU_GETSTATUS after the last block, or with the last block. */
  readonly manifestsAt: 'status' | 'end';
  /** SET_INTERFACE and SET_CONFIGURATION end a transfer under way. */
  readonly alternateAborts: boolean;
  /** One download from power-on to power-off: a second one goes on where the first ended. */
  readonly oneDownload: boolean;
  /** What DFU_GETSTATUS answers whatever happened. */
  readonly fixedReport?: { readonly status: DfuStatus; readonly pollTimeoutMs: number };
  /** From DFU_DETACH, or from SET_CONFIGURATION after the reset that ends the download, to leaving the bus, in ms; 0: inside the reset. */
  readonly leaveDelayMs: number;
  /** How long dfuMANIFEST-WAIT-RESET waits before the device leaves by itself, in ms. */
  readonly waitResetMs: number;
  /** Where its control endpoint departs from USB 2.0 chapter 9. */
  readonly control?: ControlQuirks;
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

function holds(condition: DeviationCondition | undefined, context: DfuContext): boolean {
  switch (condition) {
    case undefined:
      return true;
    case 'unenumerated':
      return !context.enumerated;
    case 'mustStay':
      return !context.mayLeave;
    default:
      return condition satisfies never;
  }
}

/** The table as a profile has it: its deviations in order, then DFU 1.1. */
export function dfuMachine(profile: DfuProfile): DfuMachine {
  const index = new Map<DfuState, Map<DfuEvent, Deviation[]>>();
  for (const deviation of profile.deviations) {
    for (const state of deviation.states) {
      const row = index.get(state) ?? new Map<DfuEvent, Deviation[]>();
      index.set(state, row);
      for (const event of deviation.events) row.set(event, [...(row.get(event) ?? []), deviation]);
    }
  }
  return (state, event, context) => {
    const found = index
      .get(state)
      ?.get(event)
      ?.find(({ when }) => holds(when, context));
    if (found !== undefined) return [found.next ?? state, found.effect];
    return dfuStep(state, event, context);
  };
}
