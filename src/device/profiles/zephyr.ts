import { DfuRequest } from '../../dfu/index.ts';
import { DFU_MODE } from '../dfu/profile.ts';
import type { DfuProfile } from '../dfu/profile.ts';
import type { DfuEvent } from '../dfu/machine.ts';
import { STRICT } from './standard.ts';

const ZEPHYR_SOURCE = 'Zephyr subsys/usb/device_next/class/usbd_dfu.c, 4.3.99';

/** What a host asks of the class besides the data itself. */
const WITHOUT_EFFECT: readonly DfuEvent[] = ['DETACH', 'CLRSTATUS', 'ABORT', 'OTHER'];

/**
 * Zephyr's `usbd_dfu`, the class of its new device stack, as it answers, defects included: what it
 * does with direction, lengths and block numbers stands in the fields, the rest in the deviations.
 */
export const ZEPHYR: DfuProfile = {
  ...STRICT,
  name: 'zephyr',
  isOriginal: true,
  deviations: [
    {
      name: 'appDETACH outlives wrong requests',
      why: `${ZEPHYR_SOURCE}: it stalls them and stays, where the table goes back to appIDLE`,
      states: ['appDETACH'],
      events: ['DNLOAD', 'DNLOAD_END', 'UPLOAD', ...WITHOUT_EFFECT],
      effect: { do: 'stall' },
    },
    {
      name: 'appDETACH has no timer',
      why: `${ZEPHYR_SOURCE}: nothing leads back to appIDLE; wDetachTimeOut is 0`,
      states: ['appDETACH'],
      events: ['DETACH_TIMEOUT'],
      effect: { do: 'nothing' },
    },
    {
      name: 'dfuDNBUSY is not told',
      why: `${ZEPHYR_SOURCE}: any request there first goes back to dfuDNLOAD-SYNC, so that no host sees it`,
      states: ['dfuDNLOAD-SYNC'],
      events: ['GETSTATUS'],
      when: 'refused',
      effect: { do: 'report' },
    },
    {
      name: 'a block is done when asked',
      why: `${ZEPHYR_SOURCE}: the write was over before the transfer was acknowledged`,
      states: ['dfuDNLOAD-SYNC'],
      events: ['GETSTATUS'],
      next: 'dfuDNLOAD-IDLE',
      effect: { do: 'report' },
    },
    {
      name: 'the end is a block of no bytes',
      why: `${ZEPHYR_SOURCE}: the image's callback gets it with its number and may refuse it`,
      states: ['dfuDNLOAD-IDLE'],
      events: ['DNLOAD_END'],
      next: 'dfuMANIFEST-SYNC',
      effect: { do: 'write' },
    },
    {
      name: 'dfuMANIFEST is not told while tolerant',
      why: `${ZEPHYR_SOURCE}: any request there first goes back to dfuMANIFEST-SYNC`,
      states: ['dfuMANIFEST-SYNC'],
      events: ['GETSTATUS'],
      when: ['tolerant', 'refused'],
      effect: { do: 'report' },
    },
    {
      name: 'dfuMANIFEST only if refused',
      why: `${ZEPHYR_SOURCE}: without bitManifestationTolerant, and only if the image does not agree at once`,
      states: ['dfuMANIFEST-SYNC'],
      events: ['GETSTATUS'],
      when: ['intolerant', 'refused'],
      next: 'dfuMANIFEST',
      effect: { do: 'report' },
    },
    {
      name: 'the end is dfuIDLE, tolerant or not',
      why: `${ZEPHYR_SOURCE}: bitManifestationTolerant is a bit of the descriptor and no more`,
      states: ['dfuMANIFEST-SYNC'],
      events: ['GETSTATUS'],
      next: 'dfuIDLE',
      effect: { do: 'report', completes: true },
    },
    {
      name: 'time changes nothing',
      why: `${ZEPHYR_SOURCE}: states change with requests only`,
      states: ['dfuMANIFEST'],
      events: ['POLL_TIMEOUT'],
      effect: { do: 'nothing' },
    },
    {
      name: 'any request ends dfuMANIFEST',
      why: `${ZEPHYR_SOURCE}: DFU_GETSTATE, too; the state told is the one before`,
      states: ['dfuMANIFEST', 'dfuMANIFEST-WAIT-RESET'],
      events: ['GETSTATE'],
      next: 'dfuMANIFEST-WAIT-RESET',
      effect: { do: 'state' },
    },
    {
      name: 'dfuMANIFEST-WAIT-RESET is reported',
      why: `${ZEPHYR_SOURCE}: a comment says that requests are ignored, the code answers them all`,
      states: ['dfuMANIFEST', 'dfuMANIFEST-WAIT-RESET'],
      events: ['GETSTATUS'],
      next: 'dfuMANIFEST-WAIT-RESET',
      effect: { do: 'report' },
    },
    {
      name: 'dfuMANIFEST-WAIT-RESET writes',
      why: `${ZEPHYR_SOURCE}: as above; the block goes to the image`,
      states: ['dfuMANIFEST', 'dfuMANIFEST-WAIT-RESET'],
      events: ['DNLOAD', 'DNLOAD_END'],
      next: 'dfuMANIFEST-WAIT-RESET',
      effect: { do: 'write' },
    },
    {
      name: 'dfuMANIFEST-WAIT-RESET reads',
      why: `${ZEPHYR_SOURCE}: as above`,
      states: ['dfuMANIFEST', 'dfuMANIFEST-WAIT-RESET'],
      events: ['UPLOAD'],
      next: 'dfuMANIFEST-WAIT-RESET',
      effect: { do: 'read' },
    },
    {
      name: 'dfuMANIFEST-WAIT-RESET acknowledges the rest',
      why: `${ZEPHYR_SOURCE}: as above, with no effect`,
      states: ['dfuMANIFEST', 'dfuMANIFEST-WAIT-RESET'],
      events: WITHOUT_EFFECT,
      next: 'dfuMANIFEST-WAIT-RESET',
      effect: { do: 'accept' },
    },
    {
      name: 'a short upload goes on',
      why: `${ZEPHYR_SOURCE}: dfuIDLE is set and overwritten at once; dfu-util notices at its next start`,
      states: ['dfuUPLOAD-IDLE'],
      events: ['SHORT_FRAME'],
      effect: { do: 'nothing' },
    },
    {
      name: 'alternate settings end nothing',
      why: `${ZEPHYR_SOURCE}: SET_INTERFACE selects the image and leaves the state`,
      states: DFU_MODE,
      events: ['ALTERNATE', 'SAME_ALTERNATE'],
      effect: { do: 'nothing' },
    },
    {
      name: 'resets change nothing',
      why: `${ZEPHYR_SOURCE}: the class does not see them; there is no way back to run-time mode`,
      states: ['appIDLE', 'appDETACH', ...DFU_MODE],
      events: ['RESET'],
      effect: { do: 'nothing' },
    },
  ],
  blockNumbers: 'medium',
  limitsBlocks: false,
  limitsUploads: true,
  checksMedium: false,
  failsAt: 'data',
  failsReading: 'empty',
  failsWith: 'errUNKNOWN',
  busy: 'held',
  manifestsAt: 'end',
  keepsAlternate: true,
  ignoresDirection: true,
  highestRequest: 10,
  exactLengths: true,
  reports: 'before',
  fixedReport: { pollTimeoutMs: 10 },
  detachDelayMs: 100,
  control: {
    noClassDescriptors: true,
    answersAbsent: true,
    takesRemoteWakeup: true,
    anyLanguage: true,
    interfaceLowByte: true,
    // 768 bytes were taken and 1000 were not, of a pool of 1024; to the host 513 and 1024.
    // The DFU_GETSTATUS after a block that was not taken was the end of it each time.
    mostDataBytes: { out: 999, in: 1023, diesAt: DfuRequest.GETSTATUS },
  },
  // The sample tells the stack that it has power of its own in run-time mode, and forgets it here.
  controlInDfuMode: { hidesSelfPower: true },
};
