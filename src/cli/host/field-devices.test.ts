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
import type { Line, StandardWords } from '../../../test/support/scripted-pipe.ts';

/* Devices as they are in the field, by the commands. */

let bus: UsbBus;
vi.mock('./bus.ts', () => ({ BUS_FORMS: 'a script', openBus: () => Promise.resolve(bus) }));

const functional = fromHex('0921 0d ff00 0004 1001'.replaceAll(' ', ''));
const words: StandardWords = {
  protocol: 2,
  serial: 'ABC',
  alternates: [{ name: 'flash', functional }],
};
const idle: Line = ['GETSTATUS', status('dfuIDLE')];

function device(script: readonly Line[], protocol: 1 | 2 = 2): ScriptedBusDevice {
  const made = new ScriptedBusDevice({ script, standard: dfuStandard({ ...words, protocol }) });
  bus = new ScriptedBus(made);
  return made;
}

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-field-'));
  file = join(folder, 'image.bin');
  writeFileSync(file, Uint8Array.of(1, 2, 3, 4, 5, 6));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('in DFU mode, but describing itself as run-time (greatscottgadgets/hackrf#1509)', async () => {
  const lpc = device(
    [
      idle,
      idle,
      ['DNLOAD 0 6', 'ok'],
      ['GETSTATUS', status('dfuDNLOAD-IDLE')],
      ['DNLOAD 1 0', 'ok'],
      idle,
    ],
    1,
  );
  const { exit, out, err } = await ran(['download', file, '-d', '1209:7d02']);
  expect([exit, err]).toEqual([
    0,
    'dfukit: Warning: the device describes itself as in run-time mode, but is in DFU mode (dfuIDLE)\n',
  ]);
  expect(out).toMatch(/File downloaded successfully\nDone!\n$/);
  expect(lpc.sent[0]).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6));
  expect(lpc.rest).toEqual([]);
});

test('detach lists what it has become, though it has not left', async () => {
  device([idle], 1);
  const { exit, out } = await ran(['detach']);
  expect(exit).toBe(0);
  expect(out).toMatch(
    /Asking the device into DFU mode\.\.\.\nFound DFU: \[1209:7d02\].*name="flash"/,
  );
});

test.each([
  [
    '1234:5678',
    'No device 1234:5678 is there, and several others are in DFU mode (-d RUN-TIME,DFU).',
  ],
  ['1234:5678,1234:5679', 'No DFU interface matches; there is:'],
])('-d %s of two that are not it takes none', async (ids, message) => {
  device([]);
  bus = new ScriptedBus(
    ...['1-1', '1-2'].map(
      (path) => new ScriptedBusDevice({ id: path, path, standard: dfuStandard(words) }),
    ),
  );
  const { exit, err } = await ran(['download', file, '-d', ids]);
  expect(exit).toBe(74);
  expect(err).toContain(message);
  expect(err).toMatch(/path="1-1"[^]*path="1-2"/);
});

test('an error in JSON has the option that helps', async () => {
  device([]);
  const { exit, out } = await ran(['download', file, '-a', 'nothing', '--json']);
  expect(JSON.parse(out)).toMatchObject({ type: 'error', code: 'NOT_FOUND', exit });
});
