import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  DFUSE_COMPATIBLE,
  Device,
  DfuMode,
  DfuSeMode,
  DfuSeRam,
  RamDisk,
} from '../../device/index.ts';
import { UsbipServer } from '../../link/usbip/index.ts';
import type { ExportedDevice } from '../../link/usbip/index.ts';
import { HELD, timerClock } from '../../usb/index.ts';
import type { SetupAnswer, SetupPacket } from '../../usb/index.ts';
import { ran } from '../../../test/support/fake-terminal.ts';

/* A device that is gone once it has all its data has left, or the way to it is broken: what the commands say. */

let folder: string;
let file: string;
let server: UsbipServer;
let bus: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dfukit-departure-'));
  file = join(folder, 'image.bin');
  await writeFile(file, new Uint8Array(100).fill(0x5a));
  server = new UsbipServer({ clock: timerClock(globalThis), port: 0 });
  const { host, port } = await server.listen();
  bus = `usbip://${host}:${port}`;
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const DETACH = 0;
const DNLOAD = 1;
const GETSTATUS = 3;

const media = (): RamDisk[] => [new RamDisk({ sizeBytes: 1024 })];
const functions = {
  dfu: () => new DfuMode({ media: media(), onLeave: () => {} }),
  /** It does not say that it stays on the bus behind a download. */
  'dfu that leaves': () =>
    new DfuMode({
      media: media(),
      functional: { bmAttributes: { manifestationTolerant: false } },
      onLeave: () => {},
    }),
  dfuse: () =>
    new DfuSeMode({
      memories: [new DfuSeRam({ layout: '@Flash/0x08000000/4*001Kg' })],
      profile: DFUSE_COMPATIBLE,
      onLeave: () => {},
    }),
};

/** A device to which something happens when it is asked how the end of the data went. */
function plugIn(kind: keyof typeof functions, happens: (there: ExportedDevice) => void): void {
  const identity = { idVendor: 0x1209, idProduct: 0x7d02 };
  const device = new Device({ identity, configurations: [{ functions: [functions[kind]()] }] });
  const there = server.add(device);
  const answer = device.setup.bind(device);
  let isAtTheEnd = false;
  device.setup = (packet: SetupPacket): SetupAnswer => {
    const { bmRequestType, bRequest, wLength } = packet;
    if (isAtTheEnd && bRequest === GETSTATUS && bmRequestType === 0xa1) {
      happens(there);
      return HELD;
    }
    isAtTheEnd ||= bmRequestType === 0x21 && bRequest === DNLOAD && wLength === 0;
    return answer(packet);
  };
}

/** It is there no more; in its place there is its application. */
function startApplication(there: ExportedDevice): void {
  const { busId } = there;
  there.remove();
  const identity = { idVendor: 0x1209, idProduct: 0x0001 };
  server.add(new Device({ identity, configurations: [{ functions: [] }] }), { busId });
}

const download = (...args: string[]): ReturnType<typeof ran> =>
  ran(['download', file, '--bus', bus, ...args]);

test('asked out of DFU mode, and the server dies: nobody knows, 75', async () => {
  const identity = { idVendor: 0x1209, idProduct: 0x7d02 };
  const device = new Device({ identity, configurations: [{ functions: [functions.dfu()] }] });
  server.add(device);
  const answer = device.setup.bind(device);
  device.setup = (packet: SetupPacket): SetupAnswer => {
    if (packet.bmRequestType !== 0x21 || packet.bRequest !== DETACH) return answer(packet);
    void server.close();
    return HELD;
  };
  const { exit, err } = await ran(['detach', '--bus', bus]);
  expect(exit).toBe(75);
  expect(err).toContain('whether the device has left is not known');
});

const sent = { dfu: [], 'dfu that leaves': [], dfuse: ['-s', '0x08000000:leave'] } as const;

test.each(['dfu that leaves', 'dfuse'] as const)('%s goes for good: it has left', async (kind) => {
  plugIn(kind, (there) => there.unplug());
  const { exit, out, err } = await download(...sent[kind]);
  expect({ exit, err }).toEqual({ exit: 0, err: '' });
  expect(out).toContain('The device has left to start its new firmware.');
});

test('one that says that it stays, and goes for good: nobody knows, 75', async () => {
  plugIn('dfu', (there) => there.unplug());
  const { exit, out, err } = await download();
  expect(exit).toBe(75);
  expect(out).not.toMatch(/success|Done!|has left/);
  expect(err).toContain('(bitManifestationTolerant); it has gone and is not back');
});

describe.each(['dfu', 'dfuse'] as const)('after all the data of %s', (kind) => {
  test('departure dfu-util/gone-when-asked: the server dies: nobody knows, 75', async () => {
    plugIn(kind, () => void server.close());
    const { exit, out, err } = await download(...sent[kind]);
    expect(exit).toBe(75);
    expect(out).not.toMatch(/success|Done!|has left/);
    expect(out).toContain('All 100 bytes are in the device, but it did not confirm');
    expect(err).toMatch(/whether the device has left is not known: nobody answers at 127/);
  });

  test('the same for a program', async () => {
    plugIn(kind, () => void server.close());
    const { exit, out } = await download(...sent[kind], '--json');
    expect(exit).toBe(75);
    expect(out).toMatch(/"type":"downloaded".*"ending":"unconfirmed"/);
  });

  test('the device goes, and its application comes: it has left', async () => {
    plugIn(kind, startApplication);
    const { exit, out, err } = await download(...sent[kind]);
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    expect(out).toContain('The device has left to start its new firmware.');
  });

  test('the device is plugged in anew, and waits in DFU mode: 75', async () => {
    plugIn(kind, (there) => {
      there.unplug();
      there.replug();
    });
    const { exit, out, err } = await download(...sent[kind]);
    expect(exit).toBe(75);
    expect(out).not.toMatch(/success|Done!|has left/);
    expect(err).toContain('the device has gone, and is there in DFU mode');
  }, 20_000);
});
