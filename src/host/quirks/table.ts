import type { QuirkRow } from './quirk.ts';

const DFU_UTIL = 'dfu-util 0.11, quirks';
const FWUPD = 'fwupd, plugins/dfu/dfu.quirk';

const BOGUS_POLL_TIME =
  'bwPollTimeout was never set: as it stands, it is any time up to four hours and a half';
const CAMERA_LEAVES = 'stays in DFU mode behind a download and a reset; uploads are of no use';
const SLOW_AND_FORCED =
  'refuses DFU_DETACH while it is in use unless bit 8 of wIndex is set; takes a minute to come back';
const SILENT_MANIFEST =
  'says that it is not manifestation-tolerant, and has to be asked until it is done';

/** What is known of devices that do not say the truth about themselves, and that no rule of the engine covers. */
export const QUIRKS: readonly QuirkRow[] = [
  {
    name: 'Openmoko Neo1973 and Freerunner',
    devices: '1d50:5117-5126 1457:5117-5126',
    pollTimeMs: 5,
    symptom: BOGUS_POLL_TIME,
    source: `${DFU_UTIL}; ${FWUPD}`,
  },
  {
    name: 'OpenPCD, OpenPICC, SIMtrace',
    devices: '16c0:0762 16c0:076b-076c',
    pollTimeMs: 5,
    symptom: BOGUS_POLL_TIME,
    source: `${DFU_UTIL}; ${FWUPD}`,
  },
  {
    name: 'Siemens PXM 40 and 50',
    devices: '0908:02c4-02c5:0000',
    pollTimeMs: 5,
    symptom: BOGUS_POLL_TIME,
    source: `${DFU_UTIL}; ${FWUPD}`,
  },
  {
    name: 'M-Audio Transit',
    devices: '0763:2806',
    pollTimeMs: 5,
    symptom: BOGUS_POLL_TIME,
    source: `${DFU_UTIL}; ${FWUPD}`,
  },
  {
    name: 'LeafLabs Maple, revisions 3 and 5',
    devices: '1eaf:0003:0200',
    dialect: 'dfu',
    symptom: 'bcdDFUVersion says DfuSe, and blocks are those of DFU 1.1',
    source: `${DFU_UTIL}; ${FWUPD}`,
  },
  {
    name: 'GigaDevice GD32VF103',
    devices: '28e9:0189',
    mode: 'dfu',
    serial: 'utf-8',
    layout: 'gd32',
    symptom:
      'serial number in UTF-8; the same memory layout for every size of flash, where the third character of the serial number tells which it is',
    source: `${DFU_UTIL}; ${FWUPD}`,
  },
  {
    name: 'NXP LPC, as the HackRF has it',
    devices: '1fc9:000c',
    when: { protocol: 1 },
    mode: 'dfu',
    symptom: 'in DFU mode, and bInterfaceProtocol is 1',
    source: `${DFU_UTIL}; ${FWUPD}; greatscottgadgets/hackrf#1509`,
  },
  {
    name: 'DSO Nano and others',
    devices: '*:*',
    when: { protocol: 0, dfuVersion: 0x011a },
    mode: 'dfu',
    symptom: 'in DFU mode, and bInterfaceProtocol is 0',
    source: DFU_UTIL,
  },
  {
    name: 'Jabra',
    devices: '0b0e:*',
    when: { protocol: 0, interfaces: 1 },
    mode: 'dfu',
    symptom: 'in DFU mode, and bInterfaceProtocol is 0',
    source: DFU_UTIL,
  },
  {
    name: 'Jabra 410, 510, 710 and 810',
    devices: '0b0e:0411 0b0e:0421 0b0e:0971 0b0e:0982',
    noUploads: true,
    symptom: 'what it gives in an upload is not what was written',
    source: FWUPD,
  },
  {
    name: 'm-stack',
    devices: '273f:1003 273f:1008 273f:100a',
    readsFirst: true,
    symptom: 'does not leave DFU mode before something has been read or written',
    source: FWUPD,
  },
  {
    name: 'Poly Studio USB and ULCC',
    devices: '095d:9217 095d:9160',
    detachIndex: 'forced',
    noReset: true,
    manifestPoll: true,
    returnMs: 60_000,
    symptom: `${SLOW_AND_FORCED}; a reset disturbs it; ${SILENT_MANIFEST}`,
    source: FWUPD,
  },
  {
    name: 'Poly Studio USB and ULCC in DFU mode',
    devices: '095d:9218 095d:927b',
    noReset: true,
    manifestPoll: true,
    symptom: `a reset disturbs it; ${SILENT_MANIFEST}`,
    source: FWUPD,
  },
  {
    name: 'Poly Studio P15, R30, E70, V52',
    devices: '095d:9290 095d:92b2 095d:92b4 095d:92a1 095d:92c6',
    detachIndex: 'forced',
    manifestPoll: true,
    returnMs: 180_000,
    symptom: `${SLOW_AND_FORCED} or more; ${SILENT_MANIFEST}`,
    source: FWUPD,
  },
  {
    name: 'Poly Eagle Eye, Studio P5, P21, and others in DFU mode',
    devices: '095d:9212-9213 095d:9291 095d:3001-3002 095d:92b3 095d:9296-9299 095d:92a2 095d:92c7',
    manifestPoll: true,
    returnMs: 30_000,
    symptom: SILENT_MANIFEST,
    source: FWUPD,
  },
  {
    name: 'FlatFrog',
    devices: '25b5:0004',
    manifestPoll: true,
    detachToLeave: true,
    noUploads: true,
    symptom: `${CAMERA_LEAVES}; ${SILENT_MANIFEST}`,
    source: FWUPD,
  },
  {
    name: 'SunplusIT cameras',
    devices: '1bcf:0b1e',
    detachToLeave: true,
    noUploads: true,
    symptom: CAMERA_LEAVES,
    source: FWUPD,
  },
  {
    name: 'SunplusIT cameras, bwPollTimeout too',
    devices: '1bcf:0b1d',
    detachToLeave: true,
    noUploads: true,
    pollTimeMs: 5,
    symptom: `${CAMERA_LEAVES}; ${BOGUS_POLL_TIME}`,
    source: FWUPD,
  },
  {
    name: 'Sonix cameras',
    devices: '0c45:636c-636f 0c45:6373-6374',
    detachToLeave: true,
    noUploads: true,
    symptom: CAMERA_LEAVES,
    source: FWUPD,
  },
  {
    name: 'Realtek camera',
    devices: '0bda:5800',
    detachToLeave: true,
    symptom: 'stays in DFU mode behind a download and a reset',
    source: FWUPD,
  },
  {
    name: 'AVer cameras',
    devices: '34ad:0006 2574:0a30',
    detachToLeave: true,
    returnMs: 180_000,
    symptom: 'stays in DFU mode behind a download and a reset; takes minutes to come back',
    source: FWUPD,
  },
];
