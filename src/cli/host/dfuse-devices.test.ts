import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DFUSE_COMPATIBLE, Device, DfuSeMode, DfuSeRam } from '../../device/index.ts';
import type { DfuSeMemory, FunctionalOptions } from '../../device/index.ts';
import { appendSuffix, splitSuffix, writeDfuSeFile } from '../../dfu/index.ts';
import { UsbipServer } from '../../link/usbip/index.ts';
import { timerClock } from '../../usb/index.ts';
import { ran } from '../../../test/support/fake-terminal.ts';
import { uf2Blocks, uf2File } from '../../../test/support/uf2-file.ts';

/* DfuSe devices as they are in the field, on a USB/IP bus, and what the command line makes of them. */

const BASE = 0x0800_0000;
const image = Uint8Array.from({ length: 3000 }, (_, at) => at * 7 + 1);
const ids = { idVendor: 0x0483, idProduct: 0xdf11, bcdDevice: 0xffff, bcdDFU: 0x011a };

let folder: string;
let server: UsbipServer;
let bus: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dfukit-devices-'));
  server = new UsbipServer({ clock: timerClock(globalThis), port: 0 });
  const { host, port } = await server.listen();
  bus = `usbip://${host}:${port}`;
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

/** A device with that memory; its layout is what the host reads, whatever the memory itself goes by. */
function plugIn(memory: DfuSeMemory, functional: FunctionalOptions = {}): Device {
  const mode = new DfuSeMode({
    memories: [memory],
    profile: { ...DFUSE_COMPATIBLE, checksLayout: false },
    functional: { wTransferSize: 1024, ...functional },
    onLeave: () => {},
  });
  const { idVendor, idProduct } = ids;
  const configurations = [{ functions: [mode] }];
  const device = new Device({ identity: { idVendor, idProduct, serial: 'ST' }, configurations });
  server.add(device);
  return device;
}

/** Flash of 256 KiB that was used before: what is not erased keeps its zero bits. */
class UsedFlash extends DfuSeRam {
  override readonly layout: string;

  constructor(layout: string, sectors = '256*001Kg') {
    super({ layout: `@Flash/0x08000000/${sectors}` });
    this.layout = layout;
    super.read(BASE, 256 * 1024).fill(0);
  }
}

const call = (name: string, ...args: string[]): ReturnType<typeof ran> =>
  ran([name, '--bus', bus, ...args]);

async function fileWith(bytes: Uint8Array, name = 'fw.bin'): Promise<string> {
  await writeFile(join(folder, name), bytes);
  return join(folder, name);
}

const at = (flash: DfuSeRam, address: number): Uint8Array =>
  flash.read(address, image.length).slice();

describe('memory layouts', () => {
  test.each([
    ['STM32F72x and F73x', '@Internal Flash  /0x08000000/04*016Kg,01*64Kg\0', '16*016Kg'],
    ['a Walkera Devo', '@Internal Flash  /0x08000000/00*002Ka,64*002Kg', '128*002Kg'],
    ['a Black Magic Probe', '@Internal Flash  /0x08000000/8*001Kg,000*001Kg', '256*001Kg'],
    ['an STM32F103', '@Internal Flash  /0x08000000/12*001Ka,116*001Kg', '256*001Kg'],
  ])('%s: erased where it is written, without a word', async (_, layout, sectors) => {
    const flash = new UsedFlash(layout, sectors);
    plugIn(flash);
    const start = layout.includes('12*001Ka') ? BASE + 0x3000 : BASE;
    const { exit, err } = await call('download', await fileWith(image), '-s', `${start}`);
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    expect(at(flash, start)).toEqual(image);
  });

  test('good runs, then garbage (BTT Octopus Pro): what can be read counts, and one warning', async () => {
    const flash = new UsedFlash(
      '@Internal Flash  /0x08000000/04*016Kg,01*64Kg,07*1\u4e02\uffff',
      '16*016Kg',
    );
    plugIn(flash);
    const path = await fileWith(image);
    const { exit, err } = await call('download', path, '-s', '0x08010000');
    expect(exit).toBe(0);
    expect(err.match(/Warning/g)).toHaveLength(1);
    expect(err).toContain('the end of its memory layout cannot be read');
    expect(at(flash, BASE + 0x10000)).toEqual(image);
    const outside = await call('download', path, '-s', '0x08020000');
    expect(outside.exit).toBe(65);
    expect(outside.err).toContain('0x08020000 is not writable in "Internal Flash"');
    expect(at(flash, BASE + 0x20000).every((byte) => byte === 0)).toBe(true);
  });

  test.each([
    ['no type letter', '@Flash/0x08000000/2*016'],
    ['no layout', 'Flash of a kind'],
  ])('%s: refused, and nobody advises --force', async (_, layout) => {
    const flash = new UsedFlash(layout);
    plugIn(flash);
    const path = await fileWith(image);
    const { exit, err } = await call('download', path, '-s', '0x08000000');
    expect(exit).toBe(65);
    expect(err).toContain('does not tell where its memory is');
    expect(err).toContain('--allow no-layout, which writes without erasing');
    expect(err).not.toContain('--force');
    expect(at(flash, BASE).every((byte) => byte === 0)).toBe(true);
  });

  test('departure dfu-util/no-layout: allowed or forced, and never silent', async () => {
    const flash = new UsedFlash('Flash of a kind');
    flash.massErase();
    plugIn(flash);
    const path = await fileWith(image);
    for (const word of [['--allow', 'no-layout'], ['--force']]) {
      const { exit, err } = await call('download', path, '-s', '0x08000000', ...word);
      expect(exit).toBe(0);
      expect(err).toContain('nothing is erased before it is written, and flash keeps its old bits');
    }
    expect(at(flash, BASE)).toEqual(image);
    const used = await call(
      'download',
      await fileWith(image.map((each) => ~each)),
      '-s',
      '0x08000000:force',
    );
    expect(used.exit).toBe(79); // this memory looks; others keep quiet about it
  });

  test('an allowance is for one thing', async () => {
    const flash = new UsedFlash('@Flash/0x08000000/16*001Ka,16*001Kg');
    plugIn(flash);
    const path = await fileWith(appendSuffix(image, { ...ids, bcdDFU: 0x0100, idProduct: 1 }));
    const to = ['-s', '0x08000000'];
    expect((await call('download', path, ...to, '--allow', 'outside-layout')).exit).toBe(65);
    expect((await call('download', path, ...to, '--allow', 'other-device')).exit).toBe(65);
    expect(at(flash, BASE).every((byte) => byte === 0)).toBe(true);
    flash.massErase();
    const both = ['--allow', 'other-device', '--allow', 'outside-layout'];
    for (const words of [both, ['--force']]) {
      const { exit, err } = await call('download', path, ...to, ...words);
      expect(exit).toBe(0);
      expect(err).toContain('it is for 0483:0001, the device is 0483:df11; sent all the same');
      expect(err).toContain('0x08000000 is not writable in "Flash"; written all the same');
    }
    expect((await call('download', path, '--allow', 'anything')).exit).toBe(64);
  });
});

describe('what the device speaks', () => {
  test('departure dfu-util/dfuse-by-name: 0x011a and a name that is no memory is plain DFU', async () => {
    const { DfuMode, RamDisk } = await import('../../device/index.ts');
    const disk = new RamDisk({ name: 'DFU Program FLASH 0x08005000', sizeBytes: 65536 });
    const mode = new DfuMode({
      media: [disk],
      functional: { bcdDFUVersion: 0x011a, wTransferSize: 1024 },
    });
    const identity = { idVendor: 0x1eaf, idProduct: 0x0003, serial: 'LLM' };
    server.add(new Device({ identity, configurations: [{ functions: [mode] }] }));
    const { exit } = await call('download', await fileWith(image));
    expect(exit).toBe(0);
    expect(Buffer.from(disk.content).subarray(0, image.length).equals(Buffer.from(image))).toBe(
      true,
    );
    const copy = join(folder, 'copy.bin');
    expect((await call('upload', copy)).exit).toBe(0);
    expect((await readFile(copy)).subarray(0, image.length).equals(Buffer.from(image))).toBe(true);
    // A DfuSe file is for something else.
    const dfu = writeDfuSeFile([{ alternate: 0, elements: [{ address: BASE, data: image }] }]);
    const refused = await call('download', await fileWith(dfu, 'a.dfu'));
    expect(refused.exit).toBe(65);
    expect(refused.err).toContain(
      'the device speaks plain DFU (--protocol dfu or --protocol dfuse)',
    );
  });

  test('a version with its bytes swapped is DfuSe (OPC-20)', async () => {
    const flash = new UsedFlash('@Flash/0x08000000/64*001Kg');
    plugIn(flash, { bcdDFUVersion: 0x1a01 });
    const dfu = writeDfuSeFile([{ alternate: 0, elements: [{ address: BASE, data: image }] }], ids);
    expect(await call('download', await fileWith(dfu))).toMatchObject({ exit: 0, err: '' });
    expect(at(flash, BASE)).toEqual(image);
  });

  test('--protocol says it, whatever the device says; -s means DfuSe', async () => {
    const flash = new UsedFlash('@Flash/0x08000000/64*001Kg');
    plugIn(flash, { bcdDFUVersion: 0x0110 });
    const path = await fileWith(image);
    const { exit } = await call('download', path, '-s', '0x08000000', '--protocol', 'dfuse');
    expect(exit).toBe(0);
    expect(at(flash, BASE)).toEqual(image);
    const both = await call('download', path, '-s', '0x08000000', '--protocol', 'dfu');
    expect(both).toMatchObject({ exit: 64 });
    expect(both.err).toContain('-s is for DfuSe, and --protocol dfu asks for plain DFU');
  });
});

describe('DfuSe files with sizes that are wrong', () => {
  const whole = writeDfuSeFile([{ alternate: 0, elements: [{ address: BASE, data: image }] }], ids);
  const { payload } = splitSuffix(whole);
  const counted = payload.slice();
  new DataView(counted.buffer).setUint32(6, payload.length + 16, true);
  const padded = Uint8Array.of(...payload, 0, 0, 0, 0);

  test.each([
    ['the suffix counted', counted, 'DFUImageSize'],
    ['padding', padded, '4 bytes behind the last of 1 targets'],
  ])('%s: sent, and told', async (_, bytes, words) => {
    const flash = new UsedFlash('@Flash/0x08000000/64*001Kg');
    plugIn(flash);
    const { exit, err } = await call('download', await fileWith(appendSuffix(bytes, ids)));
    expect(exit).toBe(0);
    expect(err).toContain(words);
    expect(at(flash, BASE)).toEqual(image);
  });
});

describe('a UF2 file for several chips', () => {
  const [mine, other] = [image.subarray(0, 256), image.subarray(1, 257)];
  const families = [
    uf2Blocks([{ address: BASE, bytes: mine }], { family: 0x5ee21072 }),
    uf2Blocks([{ address: BASE, bytes: other }], { family: 0xe48bff56 }),
  ];

  test('says which there are; --part says which is meant', async () => {
    const flash = new UsedFlash('@Flash/0x08000000/4*001Kg');
    plugIn(flash);
    const path = await fileWith(uf2File(...families.flat()), 'both.uf2');
    const { exit, err } = await call('download', path);
    expect(exit).toBe(74);
    expect(err).toMatch(/expected blocks for one family, got .*RP2040.* \(--part FAMILY\)\n$/);
    expect(await call('download', path, '--part', 'rp2040')).toMatchObject({ exit: 0 });
    expect(flash.read(BASE, 256)).toEqual(other);
    expect(await call('download', path, '--part', '0x5ee21072')).toMatchObject({ exit: 0 });
    expect(flash.read(BASE, 256)).toEqual(mine);
    expect(await call('download', path, '--part', 'nRF52')).toMatchObject({ exit: 64 });
  });

  test.each([
    [['fw.bin'], 'got another'],
    [['fw.bin', '--raw'], 'got another'],
    [[], 'got none'],
  ])('is what --part is for, and not %j', async ([name, ...more], words) => {
    plugIn(new UsedFlash('@Flash/0x08000000/4*001Kg'));
    const files = name === undefined ? [] : [await fileWith(image, name)];
    const args = [...files, ...more, '-s', '0x08000000', '--part', 'rp2040'];
    const { exit, err } = await call('download', ...args);
    expect(exit).toBe(64);
    expect(err).toContain(`family: expected a UF2 file, ${words}`);
  });
});

describe('a device that leaves', () => {
  /** Option bytes: the chip resets as soon as it has programmed them. */
  class OptionBytes extends DfuSeRam {
    unplug: () => void = () => {};

    override program(...args: Parameters<DfuSeRam['program']>): ReturnType<DfuSeRam['program']> {
      const { status } = super.program(...args);
      setTimeout(() => this.unplug(), 20);
      return { status, busyMs: 200 };
    }
  }

  test.each([
    [':will-reset', 0, /File downloaded successfully/],
    ['', 79, /DFU_GETSTATUS: .*acknowledged so far: 1 of 1 erases, 0 of 16/],
  ])('with the last block: 0x1FFFC000%s ends with %i', async (word, exit, words) => {
    const options = new OptionBytes({ layout: '@Option Bytes  /0x1FFFC000/01*016 g' });
    const device = plugIn(options);
    options.unplug = () => device.detach();
    const path = await fileWith(image.subarray(0, 16));
    const ended = await call('download', path, '-s', `0x1FFFC000${word}`);
    expect(ended.exit).toBe(exit);
    expect([...options.read(0x1fffc000, 16)]).toEqual([...image.subarray(0, 16)]);
    expect(ended.out + ended.err).toMatch(words);
  });

  test('in the middle of a file: how far it was, for a person and for a program', async () => {
    const flash = new OptionBytes({ layout: '@Flash/0x08000000/64*001Kg' });
    const device = plugIn(flash);
    flash.unplug = () => device.detach();
    const path = await fileWith(image);
    const { exit, err, out } = await call(
      'download',
      path,
      '-s',
      '0x08000000:will-reset',
      '--json',
    );
    expect(exit).toBe(79);
    expect(err).toMatch(
      /acknowledged so far: 3 of 3 erases, 0 of 3000 bytes; it is erased and not wholly/,
    );
    const error = JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as object;
    expect(error).toMatchObject({
      type: 'error',
      code: 'DISCONNECTED',
      outcome: 'partly-written',
      planned: { bytes: 3000, erases: 3 },
      acknowledged: { bytes: 0, erases: 3 },
    });
  });
});

describe('what is read', () => {
  test('no more than --max-size, and nothing is asked for if it would be more', async () => {
    plugIn(new DfuSeRam({ layout: '@Flash/0x08000000/4*001Mg' }));
    const path = join(folder, 'copy.bin');
    const { exit, err } = await call('upload', path, '-s', '0x08000000', '--max-size', '1000000');
    expect(exit).toBe(65);
    expect(err).toContain('expected at most 1000000 bytes, the device has 4194304 there');
    expect(err).toContain('--max-size');
    expect(await readdir(folder)).toEqual([]);
  });

  test('4 GiB in blocks of one byte: the limit is looked at, the memory is not listed', async () => {
    plugIn(new UsedFlash('@Flash/0x0/1*2048Mg,1*2048Mg'), { wTransferSize: 1 });
    const path = join(folder, 'copy.bin');
    const { exit, err } = await call('upload', path, '-s', '0x0');
    expect(exit).toBe(65);
    expect(err).toContain('the device has 4294967296 there');
    expect(await readdir(folder)).toEqual([]);
  });

  test('ends early: 75, and what came is kept', async () => {
    const flash = new DfuSeRam({ layout: '@Flash/0x08000000/4*001Kg' });
    const seen = plugIn(Object.assign(flash, { layout: '@Flash/0x08000000/8*001Kg' }));
    expect(seen).toBeDefined();
    const path = join(folder, 'copy.bin');
    const { exit, err, out } = await call('upload', path, '-s', '0x08000000');
    expect(exit).toBe(75);
    expect(out).not.toContain('Upload done');
    expect(err).toContain('the device ended the upload after 4096 of 8192 bytes');
    expect(err).toContain(`the 4096 good bytes are in ${path}`);
    expect(await readFile(path)).toHaveLength(4096);
  });

  test.each(['mass-erase', 'unprotect'])('does not erase with it: %s is refused', async (word) => {
    const flash = new DfuSeRam({ layout: '@Flash/0x08000000/4*001Kg' });
    plugIn(flash);
    const path = join(folder, 'copy.bin');
    const { exit, err } = await call('upload', path, '-s', `0x08000000:${word}:force`);
    expect(exit).toBe(64);
    expect(err).toContain(`upload: ${word} is for downloads`);
    expect(await readdir(folder)).toEqual([]);
  });

  test('where nothing is to be read, the length is asked for, not guessed', async () => {
    plugIn(new DfuSeRam({ layout: '@Flash/0x08000000/4*001Kg' }));
    const path = join(folder, 'copy.bin');
    const outside = await call('upload', path, '-s', '0x20000000');
    expect(outside).toMatchObject({ exit: 65 });
    expect(outside.err).toContain('0x20000000 is not readable');
    const forced = await call('upload', path, '-s', '0x20000000', '--force');
    expect(forced).toMatchObject({ exit: 64, out: expect.not.stringContaining('done') as string });
    expect(forced.err).toContain('say how many bytes (-s ADDRESS:LENGTH)');
    expect(await readdir(folder)).toEqual([]);
  });

  test('more expected than there is: 75; the device is not blamed for what nobody asked for', async () => {
    plugIn(new DfuSeRam({ layout: '@Flash/0x08000000/4*001Kg' }));
    const path = join(folder, 'copy.bin');
    const { exit, err } = await call('upload', path, '-s', '0x08000000', '-Z', '5000');
    expect(exit).toBe(75);
    expect(err).toContain('all 4096 bytes that were asked for came, and 5000 were expected');
    expect(err).toContain(`the 4096 good bytes are in ${path}`);
  });

  test('without an address as much is asked for as is expected', async () => {
    plugIn(new DfuSeRam({ layout: '@Flash/0x08000000/32*001Kg' }));
    const path = join(folder, 'copy.bin');
    const { exit } = await call('upload', path, '-Z', '20000');
    expect(exit).toBe(0);
    expect(await readFile(path)).toHaveLength(20_000);
  });
});

test('a length in -s does not shorten a download, which is told', async () => {
  const flash = new DfuSeRam({ layout: '@Flash/0x08000000/4*001Kg' });
  plugIn(flash);
  const path = join(folder, 'image.bin');
  await writeFile(path, image);
  const { exit, err } = await call('download', path, '-s', '0x08000000:100');
  expect([exit, err]).toEqual([
    0,
    'dfukit: Warning: the length in -s is for uploads, and of a download it says nothing\n',
  ]);
});
