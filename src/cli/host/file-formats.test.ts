import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DFUSE_COMPATIBLE, Device, DfuRuntime, DfuSeMode, DfuSeRam } from '../../device/index.ts';
import { riotbootImage, writeIntelHex, writeSRecords } from '../../image/index.ts';
import { UsbipServer } from '../../link/usbip/index.ts';
import { timerClock } from '../../usb/index.ts';
import { ran } from '../../../test/support/fake-terminal.ts';

/* What files are to a DfuSe device with two memories, on a USB/IP bus, by the command line. */

const BASE = 0x0800_0000;
const OPTIONS = 0x1fff_f800;
const image = Uint8Array.from({ length: 3000 }, (_, at) => (at * 7 + 1) & 0xff);

let folder: string;
let server: UsbipServer;
let bus: string;
let flash: DfuSeRam;
let bytes: DfuSeRam;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dfukit-formats-'));
  server = new UsbipServer({ clock: timerClock(globalThis), port: 0 });
  const { host, port } = await server.listen();
  bus = `usbip://${host}:${port}`;
  flash = new DfuSeRam({ layout: '@Internal Flash  /0x08000000/64*002Kg' });
  bytes = new DfuSeRam({ layout: '@Option Bytes  /0x1FFFF800/01*016 e' });
  const mode = new DfuSeMode({
    memories: [flash, bytes],
    profile: DFUSE_COMPATIBLE,
    functional: { wTransferSize: 1024 },
    onLeave: () => {},
  });
  const configurations = [{ functions: [mode] }];
  const identity = { idVendor: 0x0483, idProduct: 0xdf11, serial: 'ST' };
  server.add(new Device({ identity, configurations }));
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const call = (name: string, ...args: string[]): ReturnType<typeof ran> =>
  ran([name, '--bus', bus, ...args]);

async function fileWith(content: Uint8Array | string, name: string): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

describe('download', () => {
  test('a file with addresses chooses the alternates itself', async () => {
    const text = writeIntelHex([
      { address: BASE + 0x800, bytes: image },
      { address: OPTIONS, bytes: image.subarray(0, 16) },
    ]);
    const { exit, err } = await call('download', await fileWith(text, 'both.hex'));
    expect({ exit, err }).toEqual({ exit: 0, err: expect.stringContaining('Intel HEX file') });
    expect(flash.read(BASE + 0x800, image.length)).toEqual(image);
    expect(bytes.read(OPTIONS, 16)).toEqual(image.subarray(0, 16));
  });

  test('and is refused where none has its addresses, before anything is sent', async () => {
    const text = writeIntelHex([
      { address: BASE, bytes: image },
      { address: 0x2000_0000, bytes: image },
    ]);
    const before = flash.read(BASE, 16).slice();
    const { exit, err } = await call('download', await fileWith(text, 'ram.hex'));
    expect(exit).toBe(65);
    expect(err).toContain('no alternate setting has writable memory for 0x20000000 to 0x20000bb7');
    expect(flash.read(BASE, 16)).toEqual(before);
  });

  test('a binary with -s finds its alternate; without, it is asked which', async () => {
    const path = await fileWith(image, 'app.bin');
    expect((await call('download', path, '-s', '0x08000000')).exit).toBe(0);
    expect(flash.read(BASE, image.length)).toEqual(image);
    const { exit, err } = await call('download', path);
    expect([exit, err]).toEqual([74, expect.stringContaining('More than one DFU interface')]);
  });
});

describe('upload', () => {
  test.each(['hex', 'srec', 'uf2', 'dfuse'])(
    '--format %s: what can be sent back',
    async (format) => {
      flash.read(BASE, 4096).set(image);
      const path = join(folder, 'copy');
      const read = await call('upload', path, '-a', '0', '-s', `${BASE}:3072`, '--format', format);
      expect({ exit: read.exit, err: read.err }).toEqual({ exit: 0, err: '' });
      flash.read(BASE, 4096).fill(0xff);
      expect((await call('download', path)).exit).toBe(0);
      expect(flash.read(BASE, image.length)).toEqual(image);
      const { out } = await ran(['image', 'info', path]);
      expect(out).not.toContain('plain binary');
    },
  );

  test('--format dfu names the device; a format with addresses wants one', async () => {
    const path = join(folder, 'copy');
    const dfu = ['-a', '0', '-s', `${BASE}:1024`, '--format', 'dfu'];
    expect((await call('upload', path, ...dfu)).exit).toBe(0);
    expect((await ran(['image', 'info', path])).out).toContain('for 0483:df11');
    const { exit, err } = await call('upload', join(folder, 'x'), '--format', 'hex');
    expect([exit, err]).toEqual([64, expect.stringContaining('-s ADDRESS of a DfuSe device')]);
    const two = ['-s', '0x08000000', '--address', '1', '--format', 'hex'];
    expect((await call('upload', join(folder, 'x'), ...two)).exit).toBe(64);
  });
});

describe('download --dry-run', () => {
  test('prints the exact plan, and sends nothing', async () => {
    const text = writeIntelHex([
      { address: BASE + 0x800, bytes: image },
      { address: OPTIONS, bytes: image.subarray(0, 16) },
    ]);
    const path = await fileWith(text, 'both.hex');
    const before = flash.read(BASE, 8192).slice();
    const { exit, out, err } = await call('download', path, '--dry-run');
    expect([exit, err]).toEqual([0, '']);
    expect(out.split('\n').filter((line) => !/^Open|^Device/.test(line))).toEqual([
      'Protocol  DfuSe, blocks of 1024 bytes',
      'Alternate 0',
      '  erase       0x08000800 to 0x080017ff: 4096 bytes in 2 sectors',
      '  write       0x08000800 to 0x080013b7: 3000 bytes in 3 blocks',
      'Alternate 1',
      '  write       0x1ffff800 to 0x1ffff80f: 16 bytes in 1 block',
      'End       the device stays in DFU mode',
      expect.stringMatching(/^Note {6}Intel HEX file: its bytes are sent, 0x08000800 to /),
      'Dry run: nothing was sent',
      '',
    ]);
    expect(flash.read(BASE, 8192)).toEqual(before);
  });

  test('in JSON; what would be refused is refused', async () => {
    const path = await fileWith(image, 'app.bin');
    const args = ['-s', '0x08000000:leave', '--dry-run', '--json'];
    const { exit, out } = await call('download', path, ...args);
    const last: unknown = JSON.parse(out.trim().split('\n').at(-1) ?? '');
    expect([exit, last]).toEqual([
      0,
      expect.objectContaining({
        type: 'plan',
        sent: false,
        dialect: 'dfuse',
        transferSizeBytes: 1024,
        planned: expect.objectContaining({ bytes: 3000, blocks: 3, erases: 2 }),
        ending: 'the device leaves DFU mode and starts what stands at 0x08000000',
        unknown: [],
      }),
    ]);
    const outside = await call('download', path, '-s', '0x08100000', '--dry-run');
    expect(outside.exit).toBe(65);
    expect((await call('download', path, '--dry-run', '-a', '0')).exit).toBe(64);
  });

  test('a device in run-time mode is not even asked out of it', async () => {
    let detached = false;
    const functions = [new DfuRuntime({ onDetach: () => void (detached = true) })];
    const identity = { idVendor: 0x1209, idProduct: 0x7d00 };
    server.add(new Device({ identity, configurations: [{ functions }] }));
    const path = await fileWith(image, 'app.bin');
    const { exit, out } = await call('download', path, '--dry-run', '-d', '1209:7d00,1209:7d02');
    expect(exit).toBe(0);
    expect(out).toMatch(/^Not known it is in run-time mode: DFU_DETACH .*is not sent$/m);
    expect(out).toMatch(/^Not known block size, alternate settings, memory/m);
    expect(detached).toBe(false);
  });
});

describe('--format', () => {
  test('takes a file for what it is said to be', async () => {
    // Its first line is no record: by its looks it is a binary.
    const text = `; made by hand\n${writeIntelHex([{ address: BASE, bytes: image }])}`;
    const path = await fileWith(text, 'odd.txt');
    const refused = await call('download', path, '--format', 'hex');
    expect([refused.exit, refused.err]).toEqual([65, expect.stringContaining('line 1')]);
    const s19 = writeSRecords([{ address: BASE, bytes: image }], {});
    const srec = await fileWith(s19, 'app.mot');
    const { exit, err } = await call('download', srec, '--format', 'srec');
    expect([exit, err]).toEqual([0, expect.stringContaining('S-record file')]);
    expect(flash.read(BASE, image.length)).toEqual(image);
  });

  test('bin is byte for byte what stands in it', async () => {
    const text = writeIntelHex([{ address: OPTIONS, bytes: image }]);
    const path = await fileWith(text, 'app.hex');
    const { exit } = await call('download', path, '--format', 'bin', '-s', '0x08000000');
    expect(exit).toBe(0);
    expect(new TextDecoder().decode(flash.read(BASE, 64))).toBe(text.slice(0, 64));
  });

  test.each([
    ['elf', 65, 'ELF: '],
    ['dfuse', 65, 'DfuSe'],
    ['hexx', 64, 'did you mean "hex"?'],
  ])('a file that is none of %s, and names that there are not', async (format, code, words) => {
    const path = await fileWith(image, 'app.bin');
    const { exit, err } = await call('download', path, '--format', format, '-s', '0x08000000');
    expect([exit, err]).toEqual([code, expect.stringContaining(words)]);
    expect((await call('download', path, '--raw', '--format', 'hex')).exit).toBe(64);
  });
});

describe('a program for another place', () => {
  /** The first words of a Cortex-M program that starts there. */
  const program = (handler: number): Uint8Array => {
    const made = image.slice();
    new DataView(made.buffer).setUint32(0, 0x2000_1000, true);
    new DataView(made.buffer).setUint32(4, handler + 1, true);
    return made;
  };

  test('by its vector table: in no memory of the device is refused, elsewhere in it is told', async () => {
    const at = ['-s', '0x08000000'];
    const path = await fileWith(program(0x0003_0100), 'nordic.bin');
    const refused = await call('download', path, ...at);
    expect([refused.exit, refused.err]).toEqual([
      65,
      expect.stringContaining('starts at 0x00030100, which is neither in what is sent nor in any'),
    ]);
    expect(refused.err).toContain('--allow other-place');
    expect((await call('download', path, ...at, '--dry-run')).exit).toBe(65);
    expect((await call('download', path, ...at, '--raw')).exit).toBe(0);
    const allowed = await call('download', path, ...at, '--allow', 'other-place');
    expect([allowed.exit, allowed.err]).toEqual([0, expect.stringContaining('sent all the same')]);
    const there = await fileWith(program(BASE + 0x100), 'app.bin');
    const moved = await call('download', there, '-s', '0x08004000');
    expect([moved.exit, moved.err]).toEqual([
      0,
      expect.stringContaining('not in what is sent; by its vector table, which starts at'),
    ]);
    const right = await call('download', there, ...at);
    expect([right.exit, right.err]).toEqual([0, expect.not.stringContaining('vector table')]);
  });

  test("by riotboot's header: the image of another slot", async () => {
    const slot = riotbootImage(image, { version: 1, headerLength: 256, slotBase: BASE + 0x4000 });
    const path = await fileWith(slot, 'slot1.bin');
    const { exit, err } = await call('download', path, '-s', '0x08001000');
    expect([exit, err]).toEqual([65, expect.stringContaining("another slot's image")]);
    expect((await call('download', path, '-s', '0x08004000')).exit).toBe(0);
  });
});
