import { DFU_MODE, TRANSFERRING } from '../dfu/profile.ts';
import type { DfuProfile } from '../dfu/profile.ts';

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
      name: 'the application has its time',
      why: 'usbd-dfu-rt documents it: with bitWillDetach the time that allow() gives ends in detach(); the application cleans up meanwhile, reset or not',
      states: ['appDETACH'],
      events: ['RESET'],
      when: 'preparing',
      effect: { do: 'nothing' },
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
  // fwupd takes what stands right behind an alternate for its functional descriptor, and does not see
  // alternates without one; the letter (DFU 1.1 §4.2.4) has it once, and other hosts take either.
  functionalAfter: 'each',
  // dfu-util 0.11 exits 74 if the device changes its identity inside the reset that it asked for.
  leaveDelayMs: 200,
  // More than the second that dfu-util waits before it asks again, with room for slow hosts.
  waitResetMs: 3000,
};
