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

/* What is known of devices, by the commands. */

let bus: UsbBus;
vi.mock('./bus.ts', async (original) => ({
  ...(await original<object>()),
  openBuses: () => Promise.resolve(bus),
}));

const functional = fromHex('09210dff0000041001');
const idle: Line = ['GETSTATUS', status('dfuIDLE')];

function device(idVendor: number, idProduct: number, script: readonly Line[] = []): void {
  const standard = dfuStandard({
    protocol: 2,
    serial: 'ABC',
    alternates: [{ name: 'flash', functional }],
  });
  const made = new ScriptedBusDevice({ script, standard, descriptor: { idVendor, idProduct } });
  bus = new ScriptedBus(made);
}

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-quirks-'));
  file = join(folder, 'image.bin');
  writeFileSync(file, Uint8Array.of(1, 2, 3, 4, 5, 6));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('list --quirks tells below a device which rows are about it', async () => {
  device(0x1d50, 0x5119);
  expect((await ran(['list', '--quirks'])).out).toMatch(
    /serial="ABC"\n {2}Quirk: 1d50:5117-5126 1457:5117-5126 Openmoko.*: poll-time=5ms \(bwPollTimeout was never set.*\)\n$/,
  );
  expect((await ran(['list'])).out).not.toContain('Quirk');
  const own = await ran(['list', '--quirks', '--quirk', '1d50:*:no-reset']);
  expect(own.out).toMatch(/"ABC"\n {2}Quirk: 1d50:\* yours: no-reset\n {2}Quirk: 1d50:5117/);
});

test('so does --json', async () => {
  device(0x1d50, 0x5119);
  const { out } = await ran(['list', '--json', '--quirk', '1d50:5119:no-reset']);
  expect(JSON.parse(out)).toMatchObject({
    type: 'interface',
    quirk: { pollTimeMs: 5, noReset: true, rows: [{ devices: '1d50:5119' }, { pollTimeMs: 5 }] },
  });
  device(0x1209, 0x7d02);
  expect(JSON.parse((await ran(['list', '--json'])).out)).not.toHaveProperty('quirk');
});

const lost: readonly Line[] = [
  idle,
  ['DNLOAD 0 6', 'ok'],
  ['GETSTATUS', status('dfuDNBUSY', { pollMs: 0x700000 })],
  ['GETSTATUS', status('dfuDNLOAD-IDLE')],
  ['DNLOAD 1 0', 'ok'],
  idle,
];

test('--quirk gives a device what it needs, by the row or by a file of rows', async () => {
  device(0x1209, 0x7d02, lost);
  expect(await ran(['download', file])).toMatchObject({
    exit: 79,
    err: expect.stringContaining('--poll-time') as string,
  });
  device(0x1209, 0x7d02, lost);
  expect(await ran(['download', file, '--quirk', '1209:*:poll-time=1ms'])).toMatchObject({
    exit: 0,
  });
  const rows = join(folder, 'ours.quirks');
  writeFileSync(rows, '# ours\n1234:*:no-reset\n1209:7d02:poll-time=1ms\n');
  device(0x1209, 0x7d02, lost);
  expect(await ran(['download', file, '--quirk', `@${rows}`])).toMatchObject({ exit: 0 });
});

test('what is no row is refused with its place, and nothing is asked', async () => {
  device(0x1209, 0x7d02);
  const word = await ran(['list', '--quirk', '1209:*:pol-time=5ms']);
  expect([word.exit, word.err]).toEqual([
    64,
    'dfukit: --quirk, character 8: "pol-time" is no field of a quirk, did you mean "poll-time"?\n',
  ]);
  const rows = join(folder, 'wrong.quirks');
  writeFileSync(rows, '1209:*:no-reset\n\n1209:*:dialect=usb\n');
  const line = await ran(['detach', '--quirk', `@${rows}`, '--json']);
  expect(line.exit).toBe(64);
  expect(JSON.parse(line.out)).toMatchObject({
    type: 'error',
    message: `${rows}, line 3, character 16: dialect: expected dfu or dfuse, got "usb"`,
  });
  expect(await ran(['upload', '-', '--quirk', `@${join(folder, 'none')}`])).toMatchObject({
    exit: 66,
  });
});
