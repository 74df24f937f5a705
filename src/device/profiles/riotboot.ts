import type { DfuState } from '../../dfu/index.ts';
import { StandardRequest } from '../../usb/index.ts';
import { DFU_MODE } from '../dfu/profile.ts';
import type { DfuProfile } from '../dfu/profile.ts';
import { STRICT } from './standard.ts';

const NOT_IN_SYNC: readonly DfuState[] = DFU_MODE.filter(
  (state) => state !== 'dfuDNLOAD-SYNC' && state !== 'dfuMANIFEST-SYNC',
);
const RIOT = 'RIOT sys/usb/usbus/dfu/dfu.c, 2026-08';

/** RIOT's riotboot_dfu as it answers, defects included. */
export const RIOTBOOT: DfuProfile = {
  ...STRICT,
  name: 'riotboot',
  isOriginal: true,
  willDetach: true,
  writesAsOriginal: true,
  deviations: [
    {
      name: 'DETACH reboots at once',
      why: `${RIOT}: leaves the bus before the status stage, in either mode`,
      states: ['appIDLE', 'appDETACH', ...DFU_MODE],
      events: ['DETACH'],
      effect: { do: 'vanish' },
    },
    {
      name: 'a block without the status before it',
      why: `${RIOT}: in dfuDNLOAD-SYNC the SETUP of a block is taken for its data, and usbus_control asserts`,
      states: ['dfuDNLOAD-SYNC'],
      events: ['DNLOAD'],
      effect: {
        do: 'withhold',
        because: 'a block without DFU_GETSTATUS after the one before it, the original asserts here',
      },
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
      name: 'alternate settings end nothing',
      why: `${RIOT}: SET_INTERFACE stores the number of the slot and leaves the state`,
      states: DFU_MODE,
      events: ['ALTERNATE', 'SAME_ALTERNATE'],
      effect: { do: 'nothing' },
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
  keepsAlternate: true,
  selectedAtFirst: 'none',
  functionalAfter: 'first',
  oneDownload: true,
  fixedReport: { status: 'OK', pollTimeoutMs: 255 },
  control: {
    stalls: [StandardRequest.GET_CONFIGURATION, StandardRequest.GET_INTERFACE],
    noClassDescriptors: true,
    anyAlternate: true,
    anyLanguage: true,
  },
};
