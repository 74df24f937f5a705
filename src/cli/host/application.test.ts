import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ran } from '../../../test/support/fake-terminal.ts';
import type { Ran } from '../../../test/support/fake-terminal.ts';
import { Device, DfuMode, DfuRuntime, RamDisk, SwitchableDevice } from '../../device/index.ts';
import { UsbipServer } from '../../link/usbip/index.ts';
import { timerClock } from '../../usb/index.ts';

/* --wait-app, --expect-version and --expect-serial: what runs behind a download, and what is said of it. */

let folder: string;
let server: UsbipServer;
let bus: string;
let file: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-application-'));
  file = join(folder, 'image.bin');
  writeFileSync(file, new Uint8Array(3000).fill(0x5a));
  server = new UsbipServer({ clock: timerClock(globalThis), port: 0 });
  const { host, port } = await server.listen();
  bus = `usbip://${host}:${port}`;
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const ids = { idVendor: 0x1209, manufacturer: 'ACME', serial: 'UNIT-7' };

/** What it becomes behind the download. */
type Then = 'new' | 'old' | 'loader' | 'nothing';

function plugIn(then: Then): void {
  const application = (bcdDevice: number): Device =>
    new Device({
      identity: { ...ids, idProduct: 0x7d00, bcdDevice, product: `thing ${bcdDevice}` },
      configurations: [{ functions: [new DfuRuntime({ onDetach: () => {} })] }],
    });
  const loader = (): Device => {
    const mode = new DfuMode({
      functional: { bmAttributes: { canDnload: true }, wTransferSize: 512 },
      media: [new RamDisk({ sizeBytes: 8192 })],
      onLeave: () => leave(),
    });
    return new Device({
      identity: { ...ids, idProduct: 0x7d02 },
      configurations: [{ functions: [mode] }],
    });
  };
  const port = new SwitchableDevice(loader());
  const leave = (): void => {
    if (then === 'nothing') setTimeout(() => there.remove(), 0);
    else if (then === 'loader') port.replace(loader(), 50);
    else port.replace(application(then === 'new' ? 0x0102 : 0x0101), 50);
  };
  const there = server.add(port);
}

const call = (...args: string[]): Promise<Ran> =>
  ran(['download', file, '--bus', bus, '-R', ...args]);

/** The exit code, and the last line of JSON. */
async function told(...args: string[]): Promise<object> {
  const { exit, out } = await call(...args, '--json');
  return { exit, ...(JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as object) };
}

describe('the application that comes back', () => {
  test('is waited for, and told of', async () => {
    plugIn('new');
    const { exit, out, err } = await call('--wait-app');
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    expect(out).toMatch(
      /Its application is there after \d+ ms: 1209:7d00, version 0102, serial "UNIT-7"\n$/,
    );
  });

  test.each(['0102', '1.02', '0x0102', 'thing 258'])('is the one with version %s: 0', async (v) => {
    plugIn('new');
    expect(await told('--expect-version', v)).toMatchObject({
      exit: 0,
      type: 'application',
      outcome: 'written',
      application: { id: '1209:7d00', release: '0102', serial: 'UNIT-7' },
    });
  });

  test('is an old one: 75, and which', async () => {
    plugIn('old');
    const { exit, err } = await call('--expect-version', '1.02');
    expect(exit).toBe(75);
    expect(err).toContain(
      'what runs now is [1209:7d00] with version 0101, "thing 257", expected 1.02',
    );
  });

  test('in JSON, too', async () => {
    plugIn('old');
    expect(await told('--expect-version', '1.02')).toMatchObject({
      exit: 75,
      outcome: 'unconfirmed',
      application: { release: '0101' },
    });
  });

  test.each([
    ['UNIT-7', 0],
    ['UNIT-8', 75],
  ])('with the serial number %s expected: %i', async (serial, exit) => {
    plugIn('new');
    expect((await call('--expect-serial', serial)).exit).toBe(exit);
  });

  test.each([
    ['loader', /in DFU mode, and has not left it within 1000 ms/],
    ['nothing', /has not come back within 1000 ms: whether it runs is not known/],
  ] as const)('does not come, but %s: 75', async (then, words) => {
    plugIn(then);
    const { exit, err } = await call('--wait-app=1');
    expect(exit).toBe(75);
    expect(err).toMatch(words);
  });
});
