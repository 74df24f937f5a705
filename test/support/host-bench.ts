import { expect } from 'vitest';
import { fromHex } from '../../src/bytes/index.ts';
import { functionalDescriptor } from '../../src/dfu/index.ts';
import type { DfuAttributes, FunctionalDescriptor } from '../../src/dfu/index.ts';
import { DfuSession, download } from '../../src/host/index.ts';
import type {
  DfuInterface,
  DownloadEnding,
  DownloadOptions,
  Payload,
  TimeLimits,
} from '../../src/host/index.ts';
import { VirtualClock } from '../../src/usb/index.ts';
import { ScriptedBusDevice, onClock, status } from './scripted-pipe.ts';
import type { DeviceWords, Line } from './scripted-pipe.ts';

export const functional: FunctionalDescriptor = functionalDescriptor.decode(
  fromHex('09210b00010400 1001'),
);
/** A DFU-mode interface with two alternates, the second chosen; blocks of four bytes. */
export const entry: DfuInterface = {
  mode: 'dfu',
  deviceId: 'device-1',
  location: { bus: 1, address: 5, path: '1-4.2' },
  speed: 'full',
  idVendor: 0x1209,
  idProduct: 0x7d02,
  bcdDevice: 0x0100,
  serial: 'ABC',
  configuration: 1,
  interfaceNumber: 0,
  alternate: 1,
  alternates: 2,
  name: 'Slot 1',
  functional,
  functionalFound: true,
  notes: [],
};

const blocksOf16 = { ...functional, wTransferSize: 16 };

/** Devices with blocks of 16 bytes: plain DFU, and DfuSe with four sectors of 16 bytes. */
export const plain: DfuInterface = {
  ...entry,
  functional: { ...blocksOf16, bcdDFUVersion: 0x0110 },
};
export const dfuse: DfuInterface = {
  ...entry,
  alternate: 0,
  name: '@Flash/0x08000000/4*16Bg',
  functional: { ...blocksOf16, bcdDFUVersion: 0x011a },
};

/** An entry with these bits besides CanDnload and CanUpload; blocks of four bytes. */
export function withBits(bits: Partial<DfuAttributes>): DfuInterface {
  const bmAttributes = { ...functional.bmAttributes, ...bits };
  return { ...entry, functional: { ...functional, bmAttributes } };
}

interface Bench {
  readonly clock: VirtualClock;
  readonly device: ScriptedBusDevice;
  readonly session: DfuSession;
}

/** A session with a device that answers by the script. */
export async function bench(
  script: readonly Line[],
  more: DeviceWords = {},
  as = entry,
  limits?: TimeLimits,
): Promise<Bench> {
  const clock = new VirtualClock();
  const device = new ScriptedBusDevice({ script, clock, standard: () => 'stall', ...more });
  return { clock, device, session: await DfuSession.open(device, as, { clock, limits }) };
}

/** Downloads on virtual time, and looks whether the script went to its end. */
export async function downloaded(
  { clock, session, device }: Bench,
  payload: Payload,
  options: DownloadOptions = {},
): Promise<DownloadEnding> {
  const result = await onClock(clock, download(session, payload, options));
  expect(device.rest).toEqual([]);
  return result;
}

export const idle: Line = ['GETSTATUS', status('dfuIDLE')];
export const taken: Line = ['GETSTATUS', status('dfuDNLOAD-IDLE')];
export const six: Uint8Array = Uint8Array.of(1, 2, 3, 4, 5, 6);
export const sixSent: Line[] = [idle, ['DNLOAD 0 4', 'ok'], taken, ['DNLOAD 1 2', 'ok'], taken];
export const end: Line = ['DNLOAD 2 0', 'ok'];
