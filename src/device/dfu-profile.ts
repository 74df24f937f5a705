import type { DfuState, DfuStatus } from '../dfu/index.ts';
import { StandardRequest } from '../usb/index.ts';
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

const TRANSFERRING: readonly DfuState[] = [
  'dfuDNLOAD-SYNC',
  'dfuDNBUSY',
  'dfuDNLOAD-IDLE',
  'dfuMANIFEST-SYNC',
  'dfuMANIFEST',
  'dfuUPLOAD-IDLE',
];
const DFU_MODE: readonly DfuState[] = [
  'dfuIDLE',
  ...TRANSFERRING,
  'dfuMANIFEST-WAIT-RESET',
  'dfuERROR',
];

/**
 * The letter of DFU 1.1. Hosts that poll early or reset the bus while they enumerate (Linux does)
 * fail with it: it is there to test hosts.
 */
export const STRICT: DfuProfile = {
  name: 'strict',
  deviations: [
    {
      name: 'reset in a transfer is errUSBR',
      why: 'the table lets the application start; the status for just this case is DFU 1.1 §6.1.2, errUSBR',
      states: TRANSFERRING,
      events: ['RESET'],
      next: 'dfuERROR',
      effect: { do: 'error', status: 'errUSBR' },
    },
  ],
  blockNumbers: 'ignored',
  limitsBlocks: true,
  checksMedium: true,
  failsAt: 'status',
  busy: 'polled',
  manifestsAt: 'status',
  alternateAborts: true,
  oneDownload: false,
  leaveDelayMs: 0,
  waitResetMs: Infinity,
};

/** The letter, plus what dfu-util, fwupd, WinUSB and Linux need. The default. */
export const COMPATIBLE: DfuProfile = {
  ...STRICT,
  name: 'compatible',
  deviations: [
    {
      name: 'early polls are answered',
      why: 'fwupd (fwupd#2347) and the manifestation loop of dfu-util poll before bwPollTimeout is over',
      states: ['dfuDNBUSY', 'dfuMANIFEST'],
      events: ['GETSTATUS'],
      effect: { do: 'report' },
    },
    {
      name: 'waiting for the reset is reported',
      why: 'dfu-util 0.11 asks again one second after dfuMANIFEST and takes silence for failure (exit 74)',
      states: ['dfuMANIFEST-WAIT-RESET'],
      events: ['GETSTATUS'],
      effect: { do: 'report' },
    },
    {
      name: 'the state can always be read',
      why: 'DFU_GETSTATE changes nothing (DFU 1.1 §6.1.5); refusing it would throw away a download',
      states: ['dfuDNBUSY', 'dfuMANIFEST', 'dfuMANIFEST-WAIT-RESET'],
      events: ['GETSTATE'],
      effect: { do: 'state' },
    },
    {
      name: 'DETACH leaves',
      why: 'dfu-util -R, and hosts that cannot reset the bus (WinUSB): seen with OpenMV and xmos lib_xua#560',
      states: ['dfuIDLE', 'dfuMANIFEST-WAIT-RESET'],
      events: ['DETACH'],
      effect: { do: 'leave' },
    },
    {
      name: 'ABORT before the status',
      why: 'ST AN3156 allows it, and hosts written for ST devices rely on it',
      states: ['dfuDNLOAD-SYNC', 'dfuMANIFEST-SYNC'],
      events: ['ABORT'],
      next: 'dfuIDLE',
      effect: { do: 'discard' },
    },
    {
      name: 'resets of the enumeration are ignored',
      why: 'Linux resets the bus twice, twice in one enumeration; the first SET_CONFIGURATION ends that',
      states: DFU_MODE,
      events: ['RESET'],
      when: 'unenumerated',
      effect: { do: 'nothing' },
    },
    {
      name: 'a reset ends a transfer, not DFU mode',
      why: 'U-Boot says the same of Linux: leaving at every reset makes DFU mode unusable',
      states: TRANSFERRING,
      events: ['RESET'],
      when: 'mustStay',
      next: 'dfuIDLE',
      effect: { do: 'discard' },
    },
    {
      name: 'a reset without a download is ignored',
      why: 'as above; the device leaves after a complete download, or when the policy says so',
      states: ['dfuIDLE', 'dfuMANIFEST-WAIT-RESET', 'dfuERROR'],
      events: ['RESET'],
      when: 'mustStay',
      effect: { do: 'nothing' },
    },
  ],
  blockNumbers: 'checked',
  // dfu-util 0.11 exits 74 if the device changes its identity inside the reset that it asked for.
  leaveDelayMs: 200,
  // More than the second that dfu-util waits before it asks again, with room for slow hosts.
  waitResetMs: 3000,
};

const NOT_IN_SYNC: readonly DfuState[] = DFU_MODE.filter(
  (state) => state !== 'dfuDNLOAD-SYNC' && state !== 'dfuMANIFEST-SYNC',
);
const RIOT = 'RIOT sys/usb/usbus/dfu/dfu.c, 2026-08';

/** RIOT's riotboot_dfu as it answers, defects included. */
export const RIOTBOOT: DfuProfile = {
  ...STRICT,
  name: 'riotboot',
  deviations: [
    {
      name: 'DETACH reboots at once',
      why: `${RIOT}: leaves the bus before the status stage, in either mode`,
      states: ['appIDLE', 'appDETACH', ...DFU_MODE],
      events: ['DETACH'],
      effect: { do: 'vanish' },
    },
    {
      name: 'blocks in any state',
      why: `${RIOT}: the SETUP of a block sets dfuDNLOAD-SYNC and looks at no state`,
      states: DFU_MODE,
      events: ['DNLOAD'],
      next: 'dfuDNLOAD-SYNC',
      effect: { do: 'write' },
    },
    {
      name: 'end of download in any state',
      why: `${RIOT}: also when nothing was downloaded, which then goes to slot 0`,
      states: DFU_MODE,
      events: ['DNLOAD_END'],
      next: 'dfuMANIFEST-SYNC',
      effect: { do: 'end' },
    },
    {
      name: 'a block is done when asked',
      why: `${RIOT}: the transfer waited for the flash, dfuDNBUSY does not exist`,
      states: ['dfuDNLOAD-SYNC'],
      events: ['GETSTATUS'],
      next: 'dfuDNLOAD-IDLE',
      effect: { do: 'report' },
    },
    {
      name: 'the end is dfuDNLOAD-IDLE',
      why: `${RIOT}: and a timer reboots one second later; hosts take state 5 for success`,
      states: ['dfuMANIFEST-SYNC'],
      events: ['GETSTATUS'],
      next: 'dfuDNLOAD-IDLE',
      effect: { do: 'report-and-leave', afterMs: 1000 },
    },
    {
      name: 'GETSTATUS in every other state',
      why: `${RIOT}: answers whatever the state`,
      states: NOT_IN_SYNC,
      events: ['GETSTATUS'],
      effect: { do: 'report' },
    },
    {
      name: 'CLRSTATUS clears the state only',
      why: `${RIOT}: dfuERROR becomes dfuIDLE, the slot stays half written`,
      states: ['dfuERROR'],
      events: ['CLRSTATUS'],
      next: 'dfuIDLE',
      effect: { do: 'accept' },
    },
    {
      name: 'CLRSTATUS elsewhere is acknowledged',
      why: `${RIOT}: no effect`,
      states: DFU_MODE.filter((state) => state !== 'dfuERROR'),
      events: ['CLRSTATUS'],
      effect: { do: 'accept' },
    },
    {
      name: 'requests without effect',
      why: `${RIOT}: UPLOAD and GETSTATE answer no bytes, ABORT and unknown requests are acknowledged`,
      states: ['appIDLE', 'appDETACH', ...DFU_MODE],
      events: ['UPLOAD', 'GETSTATE', 'ABORT', 'OTHER'],
      effect: { do: 'accept' },
    },
    {
      name: 'resets change nothing',
      why: `${RIOT}: the class does not see them`,
      states: ['appIDLE', 'appDETACH', ...DFU_MODE],
      events: ['RESET'],
      effect: { do: 'nothing' },
    },
  ],
  limitsBlocks: false,
  checksMedium: false,
  failsAt: 'data',
  busy: 'held',
  manifestsAt: 'end',
  alternateAborts: false,
  oneDownload: true,
  fixedReport: { status: 'OK', pollTimeoutMs: 255 },
  control: {
    stalls: [StandardRequest.GET_CONFIGURATION, StandardRequest.GET_INTERFACE],
    noClassDescriptors: true,
    anyAlternate: true,
  },
};

/** The profiles by name. */
export const DFU_PROFILES: Readonly<Record<string, DfuProfile>> = {
  strict: STRICT,
  compatible: COMPATIBLE,
  riotboot: RIOTBOOT,
};

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
