import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { fromHex } from '../../bytes/index.ts';
import type { UsbBus } from '../../usb/index.ts';
import { ran } from '../../../test/support/fake-terminal.ts';
import {
  ScriptedBus,
  ScriptedBusDevice,
  dfuStandard,
  status,
} from '../../../test/support/scripted-pipe.ts';
import type { Line } from '../../../test/support/scripted-pipe.ts';

/* A limit of time that was run into: the option that is named is the one that counts. */

let bus: UsbBus;
vi.mock('./bus.ts', async (original) => ({
  ...(await original<object>()),
  openBuses: () => Promise.resolve(bus),
}));

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-hints-'));
  file = join(folder, 'image.bin');
  writeFileSync(file, Uint8Array.of(1, 2, 3, 4, 5, 6));
});
afterAll(() => rmSync(folder, { recursive: true }));

function device(protocol: 1 | 2, script: readonly Line[]): void {
  const functional = fromHex('09210dff0000041001');
  const standard = dfuStandard({ protocol, serial: 'A', alternates: [{ name: 'f', functional }] });
  bus = new ScriptedBus(
    new ScriptedBusDevice({
      script,
      standard,
      descriptor: { idVendor: 0x1209, idProduct: 0x7d02 },
    }),
  );
}

const idle: Line = ['GETSTATUS', status('dfuIDLE')];
const busy: readonly Line[] = [
  idle,
  ['DNLOAD 0 6', 'ok'],
  ['GETSTATUS', status('dfuDNBUSY', { pollMs: 0x700000 })],
];

test.each([
  [[], '(--poll-time or --busy-limit)'],
  [['--busy-limit', '3'], '(--poll-time or --busy-limit)'],
  [['--timeout', 'busy=3'], '(--poll-time or --timeout busy=SECONDS)'],
  [['--timeout', 'busy=3', '--busy-limit', '9'], '(--poll-time or --timeout busy=SECONDS)'],
  [['--timeout', 'busy=3', '--all'], '(--poll-time or --timeout busy=SECONDS)'],
])('busy for too long with %j', async (args, hint) => {
  device(2, busy);
  const { exit, err } = await ran(['download', file, ...args]);
  expect([exit, err]).toEqual([79, expect.stringContaining(hint)]);
});

test.each([
  [['-E', '0.02'], '(-E SECONDS)'],
  [['--timeout', 'return=0.02'], '(--timeout return=SECONDS)'],
  [['--timeout', 'return=0.02', '-E', '9'], '(--timeout return=SECONDS)'],
])('not back in time with %j', async (args, hint) => {
  device(1, [
    ['GETSTATUS', status('appIDLE')],
    ['DETACH 255', 'ok'],
    ['GETSTATUS', status('appIDLE')],
  ]);
  const { exit, err } = await ran(['download', file, ...args]);
  expect([exit, err]).toEqual([74, expect.stringContaining(hint)]);
});

test.each([
  [[], '(--timeout)'],
  [['--timeout', 'busy=3'], '(--timeout transfer=SECONDS)'],
])('a transfer that takes too long with %j', async (args, hint) => {
  device(2, [
    ['GETSTATUS', 'silent'],
    ['GETSTATUS', 'silent'],
  ]);
  const { err } = await ran(['download', file, ...args]);
  expect(err).toContain(hint);
});
