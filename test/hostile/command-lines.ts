import {
  COMPATIBLE,
  Device,
  DfuSeMode,
  DfuSeRam,
  SwitchableDevice,
} from '../../src/device/index.ts';
import type { UsbDevice } from '../../src/usb/index.ts';
import { MiniatureBoard } from '../support/miniature-board.ts';

/* Command lines that talk to a device, and the devices that they talk to. */

const all = { canDnload: true, canUpload: true, manifestationTolerant: true, willDetach: true };
export const image = Uint8Array.from({ length: 3000 }, (_, at) => (at * 7) ^ (at >> 8));
const START = 0x08000000;

/** A device, and what of it is read and written. */
export interface Subject {
  readonly device: UsbDevice;
  content(): Uint8Array;
}

/** With a memory in its second alternate setting; its loader waits, or its application runs. */
export function board(isLoader: boolean, serial = 'KEYSTONE'): Subject {
  const starts = isLoader ? 'loader' : undefined;
  const options = { starts, serial, sizeBytes: 20_000 } as const;
  const { device, disks } = new MiniatureBoard(all, 1024, COMPATIBLE, options);
  return { device, content: () => disks[1]?.content ?? new Uint8Array(0) };
}

export function dfuseFlash(): DfuSeRam {
  return new DfuSeRam({ layout: '@Flash /0x08000000/16*001Kg', eraseMs: 5 });
}

export function dfuse(ram: DfuSeRam = dfuseFlash()): Subject {
  const functional = { wTransferSize: 1024 };
  const identity = { idVendor: 0x0483, idProduct: 0xdf11, serial: 'ST' };
  const functions = [new DfuSeMode({ functional, memories: [ram] })];
  const device = new Device({ identity, configurations: [{ functions }] });
  return { device: new SwitchableDevice(device), content: () => ram.read(START, image.length) };
}

/** What stands for a path in a command line. */
export const PATHS = {
  IMAGE: 'image.bin',
  NEW: 'new.bin',
  TRACE: 'trace.ndjson',
  CAPTURE: 'trace.pcapng',
  JOURNAL: 'journal.ndjson',
  REPORT: 'report.ndjson',
} as const;

export interface CommandLine {
  readonly words: readonly string[];
  readonly subject: () => Subject;
  /** Another one on the bus, with which nothing is wrong. */
  readonly neighbour?: (() => Subject) | undefined;
  /** Somebody presses Ctrl-C after so many ms. */
  readonly stopMs?: number | undefined;
}

const loader = (): Subject => board(true);
const application = (): Subject => board(false);
const st = (): Subject => dfuse();
const neighbour = (): Subject => board(true, 'NEIGHBOUR');

const line = (
  text: string,
  subject: () => Subject,
  more: Partial<CommandLine> = {},
): CommandLine => ({
  words: text.split(' '),
  subject,
  ...more,
});

/** Tried with a failure at each transfer. */
export const everyTransfer: readonly CommandLine[] = [
  line('list', loader),
  line('download IMAGE -a 1', loader),
  line('download IMAGE -a 1 -R', application),
  line('upload NEW -a 1 -R', loader),
  line('detach', application),
  line('detach', loader),
  line('download IMAGE -s 0x08000000:leave', st),
  line('download IMAGE -a 1 --verify', loader),
  line('download IMAGE -s 0x08000000 --verify', st),
  line('download IMAGE -s 0x08000000 --changed-only', st),
  line('download -s :mass-erase:force', st),
  line('upload NEW -s 0x08000000:3000', st),
  line('dfu-util -a 1 -D IMAGE', loader),
  line('dfu-util -a 0 -s 0x08000000:leave -D IMAGE', st),
];

/** Tried with failures at some. */
export const someTransfers: readonly CommandLine[] = [
  line('list --json --quirks', application),
  line('download IMAGE -a 1 --json --trace TRACE', loader),
  line('download IMAGE -a 1 --changed-only --json', loader),
  line('download IMAGE -s 0x08000000 --resume --verify --json --trace TRACE', st),
  line('download IMAGE -a 1 --dry-run', application),
  line('download IMAGE -s 0x08000000 --dry-run --json', st),
  line('download IMAGE -a 1 -R --wait-app=5 --json', application),
  line('download IMAGE -a 1 -R --expect-version 01.00 --trace CAPTURE', application),
  line('download IMAGE -a 1 --all --json', loader, { neighbour }),
  line('download IMAGE -a 1 --all --retry 1 --journal JOURNAL', loader, { neighbour }),
  line('download IMAGE -a 1 -S KEYSTONE --retry 2 --verify --json', application),
  line('download IMAGE -s 0x08000000:leave --all --retry 1 --resume', st),
  line('download IMAGE -a 1 --watch 2', loader, { neighbour, stopMs: 120_000 }),
  line('upload NEW -a 1 --format hex --address 0x1000 --trace TRACE', loader),
  line('upload NEW -s 0x08000000:3000 --format dfuse', st),
  line('upload NEW -s 0x08000000:3000 --format uf2 --json', st),
  line('detach -R --json --trace TRACE', loader),
  line('doctor --bus usbip://rack', loader),
  line('doctor --bus usbip://rack --json --report REPORT', st),
  line('dfu-util -l', loader),
  line('dfu-util -l -v -v', st),
  line('dfu-util -e', application),
  line('dfu-util -a 1 -D IMAGE -R', application),
  line('dfu-util -a 1 -U NEW -Z 20000', loader),
  line('dfu-util -a 0 -s 0x08000000:3000 -U NEW', st),
  line('dfu-util -a 0 -s :mass-erase:force', st),
];
