import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
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
vi.mock('./bus.ts', async (original) => ({
  ...(await original<object>()),
  openBuses: () => Promise.resolve(bus),
}));

const functional = fromHex('0921 0d ff00 0004 1001'.replaceAll(' ', ''));
const words: StandardWords = {
  protocol: 2,
  serial: 'ABC',
  alternates: [{ name: 'flash', functional }],
};
const idle: Line = ['GETSTATUS', status('dfuIDLE')];

function device(
  script: readonly Line[],
  protocol: 1 | 2 = 2,
  alternates = words.alternates,
): ScriptedBusDevice {
  const standard = dfuStandard({ ...words, protocol, alternates });
  const made = new ScriptedBusDevice({ script, standard });
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

/* As stm32duino's loader for the Maple ends an upload (1eaf:0003), and others behind their last byte. */
describe('an upload that ends in a stall is an error; the bytes before it are kept, and told', () => {
  const block = new Uint8Array(1024).fill(0x5a);
  const stalled: readonly Line[] = [['GETSTATUS', status('dfuERROR', { bStatus: 15 })]];
  const blocks = (first: number): Line[] =>
    [0, 1, 2].map((n) => [`UPLOAD ${first + n} 1024`, block] as const);
  const setAddress: readonly Line[] = [
    ['DNLOAD 0 5', 'ok'],
    ['GETSTATUS', status('dfuDNBUSY')],
    ['GETSTATUS', status('dfuDNLOAD-IDLE')],
    ['ABORT', 'ok'],
    idle,
  ];
  const uploads = [
    { name: 'flash', functional: fromHex('0921 0f ff00 0004 1001'.replaceAll(' ', '')) },
  ];
  const dfuse = [
    {
      name: '@Flash /0x08000000/8*001Kg',
      functional: fromHex('0921 0b ff00 0004 1a01'.replaceAll(' ', '')),
    },
  ];
  const plain: readonly Line[] = [idle, ...blocks(0), ['UPLOAD 3 1024', 'stall']];
  const withAddresses: readonly Line[] = [
    idle,
    ...setAddress,
    ...blocks(2),
    ['UPLOAD 5 1024', 'stall'],
  ];

  test.each([
    ['plain DFU', [plain, uploads], [], 'block 3 at byte 3072'],
    ['DfuSe', [withAddresses, dfuse], ['-s', '0x08000000'], 'from 0x08000c00'],
  ] as const)('%s', async (name, [script, alternates], more, where) => {
    const path = join(folder, `${name}.bin`);
    const made = device([...script, ...stalled], 2, alternates);
    const { exit, out, err } = await ran(['upload', path, ...more]);
    expect(exit).toBe(76);
    expect(err).toContain(where);
    expect(err).toContain(`the 3072 good bytes are in ${path}`);
    expect(out).not.toContain('Upload done');
    expect(readFileSync(path)).toEqual(Buffer.alloc(3072, 0x5a));
    expect(made.rest).toEqual([]);
  });

  test('a first block that is stalled leaves no file', async () => {
    const path = join(folder, 'none.bin');
    device([idle, ['UPLOAD 0 1024', 'stall'], ...stalled], 2, uploads);
    const { exit, err } = await ran(['upload', path]);
    expect(exit).toBe(76);
    expect(err).not.toContain('good bytes');
    expect(existsSync(path)).toBe(false);
  });

  test('behind what it gave, a DfuSe device takes commands again after DFU_ABORT: -s :leave', async () => {
    const script: readonly Line[] = [
      idle,
      ...setAddress,
      ['UPLOAD 2 1024', block],
      ['ABORT', 'ok'],
      idle,
      ...setAddress.slice(0, 3),
      ['DNLOAD 2 0', 'ok'],
      ['GETSTATUS', status('dfuMANIFEST')],
    ];
    const made = device(script, 2, dfuse);
    const path = join(folder, 'leave.bin');
    const { exit, err } = await ran(['upload', path, '-s', '0x08000000:leave:1024']);
    expect([exit, err]).toEqual([0, '']);
    expect(made.rest).toEqual([]);
  });

  test('none at all is no success either: 75, and no file', async () => {
    const path = join(folder, 'nothing.bin');
    device([idle, ['UPLOAD 0 1024', new Uint8Array(0)]], 2, uploads);
    const { exit, out, err } = await ran(['upload', path]);
    expect([exit, err]).toEqual([
      75,
      'dfukit: the device ended the upload before the first byte\n',
    ]);
    expect(out).not.toContain('Upload done');
    expect(existsSync(path)).toBe(false);
  });

  test('in JSON the error says how many', async () => {
    const path = join(folder, 'json.bin');
    device([...plain, ...stalled], 2, uploads);
    const { out } = await ran(['upload', path, '--json']);
    const last: unknown = JSON.parse(out.trim().split('\n').at(-1) ?? '');
    expect(last).toMatchObject({
      type: 'error',
      exit: 76,
      acknowledged: { bytes: 3072, blocks: 3 },
    });
  });
});

test.each<readonly [string, Line]>([
  ['stalls the question behind DFU_ABORT', ['GETSTATUS', 'stall']],
  ['takes no notice of DFU_ABORT', ['GETSTATUS', status('dfuDNLOAD-IDLE')]],
])('all is written, and the device %s: no failure', async (_, last) => {
  const dfuse = [
    {
      name: '@Flash /0x08000000/8*001Kg',
      functional: fromHex('0921 0b ff00 0004 1a01'.replaceAll(' ', '')),
    },
  ];
  const taken: readonly Line[] = [
    ['GETSTATUS', status('dfuDNBUSY')],
    ['GETSTATUS', status('dfuDNLOAD-IDLE')],
  ];
  const made = device(
    [
      idle,
      ['DNLOAD 0 5', 'ok'],
      ...taken,
      ['DNLOAD 0 5', 'ok'],
      ...taken,
      ['DNLOAD 2 6', 'ok'],
      ...taken,
      ['ABORT', 'ok'],
      last,
    ],
    2,
    dfuse,
  );
  const { exit, out } = await ran(['download', file, '-s', '0x08000000']);
  expect(exit).toBe(0);
  expect(out).toContain('File downloaded successfully');
  expect(made.rest).toEqual([]);
});
