import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { boardModel, boardModels, bootloadersOf, firmwareTarget } from '../../src/board/index.ts';
import { writeIntelHex } from '../../src/image/index.ts';
import { CliBoard } from '../support/cli-board.ts';
import { ran } from '../support/fake-terminal.ts';
import { machineCode } from '../support/machine-code.ts';

/* `dfukit download --board`: device and file are held to a board before anything is sent. */

const folder = mkdtempSync(join(tmpdir(), 'dfukit-board-'));
const path = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, bytes: Uint8Array | string): string {
  writeFileSync(path(name), bytes);
  return path(name);
}

async function dfukit(...args: readonly string[]): Promise<string> {
  const { exit, out, err } = await ran(args);
  expect({ args, exit, err: exit === 0 ? '' : err }).toEqual({ args, exit: 0, err: '' });
  return out;
}

/** A dry run: its exit code, and all that it says. */
async function tried(
  { bus }: CliBoard,
  ...args: readonly string[]
): Promise<{ readonly exit: number; readonly said: string }> {
  const { exit, out, err } = await ran(['download', '--bus', bus, '--dry-run', ...args]);
  return { exit, said: out + err };
}

/** A program for that address and chip, that long. */
function program(address: number, options: object = {}, sizeBytes = 200): Uint8Array {
  return machineCode(address, { ...options, text: '.'.repeat(sizeBytes - 68) });
}

/** What riotboot's build makes of a program. */
async function riot(name: string, code: Uint8Array, address: number): Promise<string> {
  const plain = file(`${name}.bin`, code);
  const header = path(`${name}.hdr`);
  await dfukit('genhdr', 'generate', plain, '1', `0x${address.toString(16)}`, '0x400', header);
  return file(`${name}.riot.bin`, Buffer.concat([readFileSync(header), code]));
}

/** What imgtool makes of a program. */
async function signed(name: string, code: Uint8Array, header = '0x200'): Promise<string> {
  const out = path(`${name}.signed.bin`);
  const slot = ['-H', header, '-S', '0x76000', '--align', '4', '--pad-header', '-v', '1.0.0'];
  await dfukit('imgtool', 'sign', '-k', path('root.pem'), ...slot, file(`${name}.bin`, code), out);
  return out;
}

beforeAll(async () => {
  await dfukit('imgtool', 'keygen', '-k', path('root.pem'), '-t', 'ed25519');
});

test('every board of the catalogue can be said, with each of its bootloaders', () => {
  for (const model of boardModels) {
    for (const { name, modes } of bootloadersOf(model)) {
      for (const mode of modes.length > 0 ? modes : [undefined]) {
        const target = firmwareTarget(model, { bootloader: name, mode });
        expect(target.name).toBe(`board ${model.name} with ${name}`);
        for (const { mostBytes, sizeBytes, headerBytes } of target.slots) {
          expect(mostBytes).toBeGreaterThan(0);
          expect(mostBytes).toBeLessThanOrEqual(sizeBytes);
          expect(headerBytes).toBeGreaterThan(0);
        }
      }
    }
  }
  const reel = boardModel('reel_board');
  expect(() => firmwareTarget(reel, { bootloader: 'grub' })).toThrow('grub');
  expect(() => firmwareTarget(reel, { bootloader: 'none', mode: 'x' })).toThrow('no modes');
  expect(() => firmwareTarget(reel, { mode: 'x' })).toThrow('no mode "x"');
});

describe('riotboot', () => {
  let xenon: CliBoard;
  let disco: CliBoard;
  const board = ['--board', 'particle-xenon'];
  beforeAll(async () => {
    xenon = await CliBoard.start('particle-xenon');
    disco = await CliBoard.start('stm32f072b_disco');
  });
  afterAll(() => Promise.all([xenon.quit(), disco.quit()]));

  test('what is right is said', async () => {
    const slot0 = await riot('right', program(0x4400), 0x4400);
    const { exit, said } = await tried(xenon, slot0, '-a', '0', ...board);
    expect([exit, said]).toEqual([
      0,
      expect.stringContaining(
        'Note      as board particle-xenon with riotboot_dfu has it: ids 1209:7d02, 2 alternate settings, ' +
          'its place (slot 0), its size (1224 of 516096 bytes) and the addresses that it starts with\n',
      ),
    ]);
    expect(said).not.toContain('not wholly known');
  });

  test('an image for the other slot', async () => {
    const slot1 = await riot('slot1', program(0x82400), 0x82400);
    const { exit, said } = await tried(xenon, slot1, '-a', '0', ...board);
    expect([exit, said]).toEqual([
      65,
      expect.stringContaining(
        'not for board particle-xenon with riotboot_dfu: by its header it starts at 0x00082400, ' +
          'and in slot 0 images start at 0x00004400: it is for slot 1, alternate 1 ' +
          '(--allow other-place to do it all the same)',
      ),
    ]);
    expect((await tried(xenon, slot1, '-a', '1', ...board)).exit).toBe(0);
    const allowed = await tried(xenon, slot1, '-a', '0', ...board, '--allow', 'other-place');
    expect([allowed.exit, allowed.said]).toEqual([
      0,
      expect.stringContaining('alternate 1; sent all the same'),
    ]);
  });

  test.each([
    ['a program without a header', program(0x4400), 'the file is a program without a header'],
    ['no program at all', new Uint8Array(500).fill(7), 'the file is no image with such a header'],
  ])('%s', async (name, bytes, words) => {
    const { exit, said } = await tried(xenon, file('bare.bin', bytes), '-a', '0', ...board);
    expect([name, exit, said]).toEqual([name, 65, expect.stringContaining(words)]);
    const forced = await tried(xenon, path('bare.bin'), '-a', '0', ...board, '--force');
    expect(forced.exit).toBe(0);
  });

  test('a header with nothing behind it', async () => {
    const whole = readFileSync(await riot('whole', program(0x4400), 0x4400));
    const bare = file('bare.riot.bin', whole.subarray(0, 0x400));
    const { exit, said } = await tried(xenon, bare, '-a', '0', ...board);
    expect([exit, said]).toEqual([65, expect.stringContaining('no program behind it')]);
  });

  test('a damaged header, and an image that is too large', async () => {
    const right = readFileSync(await riot('damaged', program(0x4400), 0x4400));
    right[5] = 9;
    const damaged = await tried(xenon, file('damaged.riot.bin', right), '-a', '0', ...board);
    expect([damaged.exit, damaged.said]).toEqual([
      65,
      expect.stringContaining('the checksum of its riotboot header is wrong'),
    ]);
    const large = await riot('large', program(0x4400, {}, 516096), 0x4400);
    const much = await tried(xenon, large, '-a', '0', ...board);
    expect([much.exit, much.said]).toEqual([
      65,
      expect.stringContaining('its 517120 bytes are 1024 too many for slot 0: that has 516096'),
    ]);
  });

  test('a program that is linked for the other slot, or for another chip', async () => {
    const other = await riot('linked', program(0x82400), 0x4400);
    const { exit, said } = await tried(xenon, other, '-a', '0', ...board);
    expect([exit, said]).toEqual([
      65,
      expect.stringContaining('and starts at 0x00082440: it is linked for slot 1'),
    ]);
    const stm32 = await riot('stm32', program(0x08004400), 0x4400);
    const chip = await tried(xenon, stm32, '-a', '0', ...board);
    expect([chip.exit, chip.said]).toEqual([
      65,
      expect.stringContaining(
        'the flash of board particle-xenon with riotboot_dfu is 0x00000000 to 0x000fffff',
      ),
    ]);
    const stack = await riot('stack', program(0x4400, { stackPointer: 0x20080000 }), 0x4400);
    expect((await tried(xenon, stack, '-a', '0', ...board)).said).toContain(
      'its stack begins at 0x20080000, and the RAM of board particle-xenon with riotboot_dfu is 0x20000000 to 0x2003ffff: a program for another chip',
    );
  });

  test('where it cannot be known that is said', async () => {
    const far = await riot('far', program(0x4400, { stackPointer: 0x10010000 }), 0x4400);
    const { exit, said } = await tried(xenon, far, '-a', '0', ...board);
    expect([exit, said]).toEqual([
      0,
      expect.stringContaining(
        'whether it is for board particle-xenon with riotboot_dfu is not wholly known: its stack begins at 0x10010000',
      ),
    ]);
    const opaque = await riot('opaque', new Uint8Array(300).fill(1), 0x4400);
    const data = await tried(xenon, opaque, '-a', '0', ...board);
    expect([data.exit, data.said]).toEqual([0, expect.stringContaining('no vector table')]);
  });

  test('another device gets nothing', async () => {
    const slot0 = await riot('right', program(0x4400), 0x4400);
    const args = [slot0, '-a', '0', '-s', '0x08000000', ...board];
    // Only its place is looked at first: the address is for another chip.
    expect((await tried(disco, ...args)).said).toContain('the file has bytes for 0x08000000');
    const { exit, said } = await tried(disco, slot0, '-a', '0', '--protocol', 'dfu', ...board);
    expect([exit, said]).toEqual([
      65,
      expect.stringContaining(
        'the device is 0483:df11 in DFU mode, board particle-xenon with riotboot_dfu is 1209:7d02 (--allow other-device',
      ),
    ]);
    const sent = await ran(['download', '--bus', disco.bus, slot0, '-a', '0', ...board]);
    expect([sent.exit, sent.err]).toEqual([65, expect.stringContaining('0483:df11')]);
  });

  test('of many devices the others are left alone; a file for none is refused', async () => {
    const slot0 = await riot('right', program(0x4400), 0x4400);
    const buses = ['--bus', xenon.bus, '--bus', disco.bus];
    const slot1 = await riot('slot1', program(0x82400), 0x82400);
    const wrong = await ran([
      'download',
      ...buses,
      slot1,
      '-a',
      '0',
      '--all',
      ...board,
      '-d',
      '1209:*',
    ]);
    expect([wrong.exit, wrong.out + wrong.err]).toEqual([
      65,
      expect.stringContaining('it is for slot 1, alternate 1'),
    ]);
    // Last of all: it starts what it has been given, and leaves the bus.
    const all = await ran(['download', ...buses, slot0, '-a', '0', '--all', ...board]);
    expect([all.exit, all.out + all.err]).toEqual([
      0,
      expect.stringMatching(/left alone: not for board particle-xenon.*0483:df11[^]*written/),
    ]);
    expect(all.out).toMatch(/^[0-9A-F]+: checked: as board particle-xenon/m);
    expect(all.err).not.toContain('as board');
  });
});

describe('the loader of an STM32', () => {
  let disco: CliBoard;
  const board = ['--board', 'stm32f072b_disco'];
  beforeAll(async () => {
    disco = await CliBoard.start('stm32f072b_disco');
  });
  afterAll(() => disco.quit());

  test('what is right is said', async () => {
    const code = file('app.bin', program(0x08000000));
    const { exit, said } = await tried(disco, code, '-a', '0', '-s', '0x08000000', ...board);
    expect([exit, said]).toEqual([
      0,
      expect.stringContaining(
        'as board stm32f072b_disco with stm32-rom has it: ids 0483:df11, the memory of alternate 0, ' +
          'the addresses of the file and the addresses that it starts with',
      ),
    ]);
  });

  test('addresses outside of its flash are refused before any device is looked for', async () => {
    const pieces = [
      { address: 0x08000000, bytes: program(0x08000000) },
      { address: 0x08020000, bytes: Uint8Array.of(1, 2, 3, 4) },
    ];
    const hex = file('far.hex', writeIntelHex(pieces));
    const { exit, err } = await ran(['download', hex, '--bus', 'usbip://127.0.0.1:1', ...board]);
    expect([exit, err]).toEqual([
      65,
      expect.stringContaining(
        'the file has bytes for 0x08020000 to 0x08020003, and the flash of board stm32f072b_disco with stm32-rom is 0x08000000 to 0x0801ffff',
      ),
    ]);
    const options = file(
      'options.hex',
      writeIntelHex([{ address: 0x1ffff800, bytes: Uint8Array.of(0xaa, 0x55) }]),
    );
    expect((await tried(disco, options, ...board)).exit).toBe(0);
  });

  test('a program for another chip', async () => {
    const large = file('f4.bin', program(0x08000000, { stackPointer: 0x20020000 }));
    const { exit, said } = await tried(disco, large, '-a', '0', '-s', '0x08000000', ...board);
    expect([exit, said]).toEqual([65, expect.stringContaining('its stack begins at 0x20020000')]);
  });

  test('another chip, with the same ids', async () => {
    const model = JSON.parse((await dfukit('board', 'show', 'stm32f072b_disco')).trim());
    const half = {
      ...model,
      flash: { ...model.flash, sectors: [{ count: 32, sizeBytes: 2048 }] },
      systemMemory: {
        address: 0x1fffc800,
        flashLayout: '@Internal Flash  /0x08000000/032*0002Kg',
        optionLayout: '@Option Bytes  /0x1FFFF800/01*016 e',
        optionAddress: 0x1ffff800,
        massEraseMs: 40,
      },
    };
    const own = file('half.json', JSON.stringify(half));
    const code = file('app.bin', program(0x08000000));
    const { exit, said } = await tried(disco, code, '-a', '0', '-s', '0x08000000', '--board', own);
    expect([exit, said]).toEqual([
      65,
      expect.stringContaining(
        'alternate 0 "@Internal Flash  /0x08000000/064*0002Kg" has 64 × 2048 bytes at 0x08000000, ' +
          'board stm32f072b_disco with stm32-rom has 32 × 2048 bytes at 0x08000000',
      ),
    ]);
  });
});

describe('MCUboot', () => {
  let reel: CliBoard;
  const board = ['--board', 'reel_board'];
  beforeAll(async () => {
    const flash = path('reel.bin');
    const runs = await signed('runs', program(0xc200));
    await dfukit('board', 'program', 'reel_board', runs, '--slot', '0', '--flash', flash);
    const options = ['--flash', flash, '--key', path('root.pem'), '--stand-in', 'usb-dfu'];
    reel = await CliBoard.start('reel_board', ...options);
  });
  afterAll(() => reel.quit());

  test('in run-time mode little is known', async () => {
    const image = await signed('new', program(0xc200));
    const { exit, said } = await tried(reel, image, '-a', 'slot1_image', ...board);
    expect([exit, said]).toEqual([
      0,
      expect.stringContaining('Not known whether it is board reel_board with mcuboot'),
    ]);
  });

  test('what does not fit is refused, and the rest is sent', async () => {
    const image = await signed('new', program(0xc200));
    const into = async (name: string, ...args: readonly string[]): Promise<string> => {
      const order = ['download', '--bus', reel.bus, name, '-a', '1', ...board, ...args];
      const { exit, err } = await ran(order);
      return `${exit}: ${err}`;
    };
    const wide = await signed('wide', program(0xc400), '0x400');
    expect(await into(wide)).toMatch(
      /^65: .*asked into DFU mode for this, and is there still.*\n.*its header has 1024 bytes, and programs begin 512 bytes into a slot \(CONFIG_ROM_START_OFFSET\)/,
    );
    // 484 KiB in a slot of 472 KiB, and one that only its trailer keeps out.
    const header = ['-H', '0x200', '-S', '0x80000', '--align', '4', '--pad-header', '-v', '1.0.0'];
    const most = firmwareTarget(boardModel('reel_board')).slots[1]?.mostBytes ?? 0;
    const big = path('big.signed.bin');
    const code = file('big.bin', program(0xc200, {}, most - 0x200));
    await dfukit('imgtool', 'sign', '-k', path('root.pem'), ...header, code, big);
    expect(await into(big)).toMatch(
      /^65: .*too many for slot 1: that has 483328, of which its bootloader needs \d+/,
    );
    const slot1 = await signed('slot1', program(0x82200));
    expect(await into(slot1)).toMatch(
      /^65: .*it would run from 0x0000c200 to .*and starts at 0x00082240: it is linked for slot 1/,
    );
    expect(await into(slot1, '--bootloader', 'mcuboot:direct-xip', '--dry-run')).toMatch(/^0: /);
    expect(await into(path('new.bin'))).toMatch(
      /^65: .*it boots MCUboot images, and the file is a program without a header/,
    );
    const bytes = readFileSync(image);
    expect(await into(file('cut.bin', bytes.subarray(0, bytes.length - 8)))).toMatch(
      /^65: .*the image is damaged/,
    );
    const good = await ran(['download', '--bus', reel.bus, image, '-a', '1', ...board]);
    expect([good.exit, good.out]).toEqual([
      0,
      expect.stringMatching(
        /^Checked: as board .*its header \(512 bytes\) and the addresses that it starts with$/m,
      ),
    ]);
    expect(good.err).not.toContain('as board');
    expect(good.err).toContain("in DFU mode a device has its firmware's own ids");
  });

  test('the keys that a board file names are asked for', async () => {
    const model = JSON.parse(await dfukit('board', 'show', 'reel_board')) as object;
    const own = (key: string): string =>
      file(`own-${key}.json`, JSON.stringify({ ...model, mcuboot: { keys: [key] } }));
    await dfukit('imgtool', 'keygen', '-k', path('other.pem'), '-t', 'ed25519');
    const image = await signed('new', program(0xc200));
    const to = ['-a', '1', '--board'];
    expect((await tried(reel, image, ...to, own('root.pem'))).exit).toBe(0);
    const other = await tried(reel, image, ...to, own('other.pem'));
    expect([other.exit, other.said]).toEqual([
      65,
      expect.stringContaining('the image is not signed by the key that it must be signed by'),
    ]);
    for (const more of [['--force'], ['--key', path('root.pem')]]) {
      expect((await tried(reel, image, ...to, own('other.pem'), ...more)).exit).toBe(0);
    }
    const data = file('data.bin', new Uint8Array(512).fill(7));
    expect((await tried(reel, data, '-a', '0', '--board', own('other.pem'))).exit).toBe(0);
  });

  test('of an encrypted image the program cannot be looked at', async () => {
    await dfukit('imgtool', 'keygen', '-k', path('enc.pem'), '-t', 'x25519');
    const out = path('encrypted.signed.bin');
    const slot = ['-H', '0x200', '-S', '0x76000', '--align', '4', '--pad-header', '-v', '1.0.0'];
    const keys = ['-k', path('root.pem'), '-E', path('enc.pem')];
    const code = file('secret.bin', program(0xc200));
    await dfukit('imgtool', 'sign', ...keys, ...slot, code, out);
    const { exit, said } = await tried(reel, out, '-a', '1', ...board);
    expect([exit, said]).toEqual([
      0,
      expect.stringContaining('the program in it is encrypted or compressed'),
    ]);
  });

  test('an alternate setting that nobody knows', async () => {
    const image = await signed('new', program(0xc200));
    const { exit, said } = await tried(reel, image, '-a', '0', ...board);
    expect([exit, said]).toEqual([
      0,
      expect.stringContaining('nobody says which slot alternate 0 "ramdisk0" is'),
    ]);
  });
});

test('what cannot be asked for', async () => {
  const code = file('app.bin', program(0));
  const order = async (...args: readonly string[]): Promise<string> => {
    const { exit, err } = await ran(['download', code, '--bus', 'usbip://127.0.0.1:1', ...args]);
    return `${exit}: ${err}`;
  };
  expect(await order('--board', 'reel_bord')).toMatch(/^64: .*did you mean "?reel_board/);
  expect(await order('--board', 'reel_board', '--bootloader', 'grub')).toMatch(/^64: .*grub/);
  expect(await order('--bootloader', 'mcuboot')).toMatch(/^64: .*--board/);
  const xenon = ['--board', 'particle-xenon', '--bootloader'];
  expect(await order(...xenon, 'riotboot:slow')).toMatch(/^64: .*riotboot has no modes/);
  for (const mode of ['', 'slow', 'overwrite:slow'])
    expect(await order(...xenon, `mcuboot:${mode}`)).toContain(`no mode "${mode}" here`);
});
