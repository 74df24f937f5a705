import type { DfuStatus } from '../../dfu/index.ts';
import { DFU_MODE } from '../dfu/profile.ts';
import { REQUESTS } from '../dfu/machine.ts';
import type { ConversationProfile, Deviation } from '../dfu/profile.ts';
import { COMPATIBLE } from '../profiles/standard.ts';

/** What a memory is asked for. */
export type DfuSeJob =
  'set-address' | 'erase' | 'mass-erase' | 'read-unprotect' | 'program' | 'manifest';

/** How a DfuSe device differs from the table of DFU 1.1 and from what ST leaves open. */
export interface DfuSeProfile extends ConversationProfile {
  /** DFU_UPLOAD: never more than wTransferSize, and less than that ends it, whatever wLength says. */
  readonly readsByTransferSize: boolean;
  /** Which memory a block is for: the one of the alternate setting (default), or the one that has the address. */
  readonly memoryOf?: 'alternate' | 'address' | undefined;
  /** Accesses that the memory layout does not allow are refused without asking the memory. */
  readonly checksLayout: boolean;
  /** The status of an address that is in no region. */
  readonly wrongAddress: DfuStatus;
  /**
   * When dfuDNBUSY ends: `timed`: when the work is over and so is the time that bwPollTimeout promised;
   * `held`: when the work is over, and whoever asks before that waits; `instant`: before the host can ask.
   */
  readonly jobs: 'timed' | 'held' | 'instant';
  /** Least bwPollTimeout for each job, in ms, where the device does not tell what the memory says. */
  readonly pollTimesMs: Partial<Readonly<Record<DfuSeJob, number>>>;
  /** iString says in words what is wrong. */
  readonly tellsReason: boolean;
  /** After the manifestation the device leaves by itself, or never. */
  readonly leaves: 'by itself' | 'never';
  /** bStatus at power-on; other than `OK` the device starts in dfuERROR with it. */
  readonly initialStatus: DfuStatus;
}

/** What DfuSe itself adds to the table of DFU 1.1. */
const DFUSE: readonly Deviation[] = [
  {
    name: 'leaving from dfuIDLE',
    why: 'ST AN3156 §3.3: a block of length 0 asks to leave, whether anything was downloaded or not',
    states: ['dfuIDLE'],
    events: ['DNLOAD_END'],
    next: 'dfuMANIFEST-SYNC',
    effect: { do: 'end' },
  },
  {
    name: 'power-on starts the loader',
    why: 'ST AN2606: the boot pins or option bytes choose it; nobody but the host says when to leave',
    states: DFU_MODE,
    events: ['POWER_ON'],
    next: 'dfuIDLE',
    effect: { do: 'begin' },
  },
  {
    name: 'a job under way goes on',
    why: 'an erasure or a write that the memory has begun cannot be called back',
    states: ['dfuDNBUSY'],
    events: ['ALTERNATE'],
    effect: { do: 'nothing' },
  },
];

/** DfuSe as dfu-util, STM32CubeProgrammer and WebUSB flashers need it. The default. */
export const DFUSE_COMPATIBLE: DfuSeProfile = {
  name: 'compatible',
  deviations: [...DFUSE, ...COMPATIBLE.deviations],
  limitsBlocks: true,
  functionalAfter: 'each',
  readsByTransferSize: false,
  checksLayout: true,
  wrongAddress: 'errADDRESS',
  jobs: 'timed',
  pollTimesMs: {},
  tellsReason: true,
  leaves: 'by itself',
  leaveDelayMs: 50,
  leavesSteadily: true,
  initialStatus: 'OK',
};

/** The loader in the system memory of STM32 chips. */
export const STM32_ROM: DfuSeProfile = {
  ...DFUSE_COMPATIBLE,
  name: 'stm32-rom',
  deviations: [
    {
      name: 'whoever asks too early waits',
      why: 'ST AN2662 §4.5: the routine runs once dfuDNBUSY has been told, and the next answer, which comes when it is over, is dfuDNLOAD-IDLE; pydfu of MicroPython asks without sleeping',
      states: ['dfuDNBUSY'],
      events: REQUESTS,
      effect: { do: 'wait' },
    },
    {
      name: 'CLRSTATUS outside dfuERROR leads there',
      why: 'seen with STM32CubeProgrammer (betaflight-configurator#1861, #5348): the first one is acknowledged and answered by errUNKNOWN, the second leads to dfuIDLE',
      states: ['dfuIDLE', 'dfuDNLOAD-SYNC', 'dfuDNLOAD-IDLE', 'dfuMANIFEST-SYNC', 'dfuUPLOAD-IDLE'],
      events: ['CLRSTATUS'],
      next: 'dfuERROR',
      effect: { do: 'accept', status: 'errUNKNOWN' },
    },
    ...DFUSE_COMPATIBLE.deviations,
  ],
  functionalAfter: 'last',
  // ST AN2662 §4.5.2 has one address space; Betaflight reads the option bytes without SET_INTERFACE.
  memoryOf: 'address',
  jobs: 'held',
  // ST AN2662 §4.5: an address that is wrong or not supported is errTARGET.
  wrongAddress: 'errTARGET',
  // Seen with dfu-util: 100 ms an erased page, 104 ms a block of 2048 bytes (STM32F745). A mass erase
  // takes what it takes: to 100 ms, which the STM32F405 says, dfu-util answers with a wait of 35 s.
  pollTimesMs: { erase: 100, program: 104 },
  tellsReason: false,
  // dfu-util's logs of these chips begin with "state = dfuERROR, status = 10".
  initialStatus: 'errFIRMWARE',
};

const CRATE = 'usbd-dfu 0.4.1, recorded';

/** The Rust crate usbd-dfu on usb-device as it answers, defects included. */
export const USBD_DFU: DfuSeProfile = {
  ...DFUSE_COMPATIBLE,
  name: 'usbd-dfu',
  deviations: [
    ...DFUSE,
    {
      name: 'unknown requests change nothing',
      why: `${CRATE}: DETACH and what DFU does not know are stalled, the state stays`,
      states: DFU_MODE,
      events: ['DETACH', 'OTHER'],
      effect: { do: 'stall' },
    },
    {
      name: 'blocks whatever the attributes say',
      why: `${CRATE}: HAS_DOWNLOAD and HAS_UPLOAD change the descriptor only`,
      states: ['dfuIDLE'],
      events: ['DNLOAD'],
      next: 'dfuDNLOAD-SYNC',
      effect: { do: 'write' },
    },
    {
      name: 'uploads whatever the attributes say',
      why: `${CRATE}: as above`,
      states: ['dfuIDLE'],
      events: ['UPLOAD'],
      next: 'dfuUPLOAD-IDLE',
      effect: { do: 'read' },
    },
    {
      name: 'ABORT before the status',
      why: `${CRATE}: as ST AN3156 has it`,
      states: ['dfuDNLOAD-SYNC', 'dfuMANIFEST-SYNC'],
      events: ['ABORT'],
      next: 'dfuIDLE',
      effect: { do: 'discard' },
    },
    {
      name: 'ABORT is stalled and changes nothing',
      why: `${CRATE}: in these two states`,
      states: ['dfuMANIFEST-WAIT-RESET', 'dfuERROR'],
      events: ['ABORT'],
      effect: { do: 'stall' },
    },
    {
      name: 'waiting for the reset is reported',
      why: `${CRATE}: dfuMANIFEST-WAIT-RESET answers`,
      states: ['dfuMANIFEST-WAIT-RESET'],
      events: ['GETSTATUS'],
      effect: { do: 'report' },
    },
    {
      name: 'the state can be read while it waits for the reset',
      why: `${CRATE}: likewise`,
      states: ['dfuMANIFEST-WAIT-RESET'],
      events: ['GETSTATE'],
      effect: { do: 'state' },
    },
    {
      name: 'the last refusal is the one to be told',
      why: `${CRATE}: in dfuERROR errSTALLEDPKT replaces what the status was; the one way out of dfuMANIFEST-WAIT-RESET`,
      states: ['dfuMANIFEST-WAIT-RESET', 'dfuERROR'],
      events: ['DNLOAD', 'DNLOAD_END', 'UPLOAD'],
      next: 'dfuERROR',
      effect: { do: 'stall', status: 'errSTALLEDPKT' },
    },
    {
      name: 'CLRSTATUS leads out of the wait for the reset',
      why: `${CRATE}: by way of dfuERROR`,
      states: ['dfuMANIFEST-WAIT-RESET'],
      events: ['CLRSTATUS'],
      next: 'dfuERROR',
      effect: { do: 'stall', status: 'errSTALLEDPKT' },
    },
    {
      name: 'alternate settings end nothing',
      why: `${CRATE}: SET_INTERFACE and SET_CONFIGURATION change no state`,
      states: DFU_MODE,
      events: ['ALTERNATE', 'SAME_ALTERNATE'],
      effect: { do: 'nothing' },
    },
    {
      name: 'a reset while idle is nothing',
      why: `${CRATE}: also dfuMANIFEST-WAIT-RESET outlives any number of resets`,
      states: ['dfuIDLE', 'dfuMANIFEST-WAIT-RESET'],
      events: ['RESET'],
      effect: { do: 'nothing' },
    },
    {
      name: 'a reset elsewhere is errUSBR',
      why: `${CRATE}: also in dfuERROR, whose status it replaces`,
      states: DFU_MODE,
      events: ['RESET'],
      next: 'dfuERROR',
      effect: { do: 'error', status: 'errUSBR' },
    },
  ],
  limitsBlocks: false,
  functionalAfter: 'last',
  readsByTransferSize: true,
  wholeAnswers: true,
  refusesBlocksAt: 'data',
  checksLayout: false,
  jobs: 'instant',
  tellsReason: false,
  leaves: 'never',
  keepsAlternate: true,
  // The control buffer of usb-device.
  bufferBytes: 128,
  control: { noClassDescriptors: true, firstString: 4, noLanguages: true },
};

/** The profiles by name. */
export const DFUSE_PROFILES: Readonly<Record<string, DfuSeProfile>> = {
  compatible: DFUSE_COMPATIBLE,
  'stm32-rom': STM32_ROM,
  'usbd-dfu': USBD_DFU,
};
