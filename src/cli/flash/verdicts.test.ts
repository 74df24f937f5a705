import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApplicationSide, boot } from '../../boot/mcuboot/index.ts';
import { DfuError, fromHex } from '../../bytes/index.ts';
import { padImage, signImage } from '../../image/index.ts';
import { dumpOf } from '../../lab/index.ts';
import { forgeDevice } from '../../../test/support/mcuboot/lab-bench.ts';
import { makeImage } from '../../../test/support/mcuboot/images.ts';
import { ran } from '../../../test/support/fake-terminal.ts';
import type { Ran } from '../../../test/support/fake-terminal.ts';

// What the laboratory must not say with confidence: each answer is told from its doubts.

const folder = mkdtempSync(join(tmpdir(), 'dfukit-verdicts-'));
const path = (name: string): string => join(folder, name);

const slots = ['--sectors', '4Kx36', '--primary', '0x4000:64K', '--secondary', '0x14000:64K'];

function flashCommand(...args: string[]): Promise<Ran> {
  return ran(['flash', ...args]);
}

const PRIMARY = 0x4000;
const SECONDARY = 0x14000;
const SIZE = 36 * 4096;

/** A dump with bytes at these places, erased elsewhere. */
function dump(name: string, parts: readonly (readonly [number, Uint8Array])[]): string {
  const bytes = new Uint8Array(SIZE).fill(0xff);
  for (const [at, part] of parts) bytes.set(part, at);
  writeFileSync(path(name), bytes);
  return path(name);
}

const plain = { version: { major: 0, minor: 0, revision: 0, build: 0 }, headerSize: 512 };

/** An image of Zephyr's default version, with a vector table of a Cortex-M. */
async function linked(resetVector: number, filler = 1): Promise<Uint8Array> {
  const payload = new Uint8Array(4000).fill(filler);
  const view = new DataView(payload.buffer);
  view.setUint32(0, 0x2000_8000, true);
  view.setUint32(4, resetVector, true);
  return (await signImage(payload, { ...plain, padHeader: true })).bytes;
}

beforeAll(async () => {
  dump('good.bin', [[PRIMARY, await linked(0x4401)]]);
  dump('erased.bin', []);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a dump that boots nothing', () => {
  test('ends boot, why and powercut with 1', async () => {
    for (const name of ['boot', 'why', 'powercut']) {
      const { exit } = await flashCommand(name, path('erased.bin'), ...slots);
      expect([name, exit]).toEqual([name, 1]);
    }
    const { out } = await flashCommand('powercut', path('erased.bin'), ...slots);
    expect(out).not.toContain('no cut leads to a loss');
    expect(out).toContain('nothing runs any more, so there is nothing to lose');
  });

  test('one that boots and asks for nothing has nothing to cut', async () => {
    const { exit, out } = await flashCommand('powercut', path('good.bin'), ...slots);
    expect(exit).toBe(0);
    expect(out).toContain('--update FILE --request test');
    expect(out).not.toContain('no cut leads to a loss');
  });
});

describe('an image that is linked for another address', () => {
  test('is a doubt in every first line', async () => {
    const file = dump('astray.bin', [[PRIMARY, await linked(0x4c1)]]);
    for (const name of ['inspect', 'why', 'boot', 'powercut']) {
      const { out } = await flashCommand(name, file, ...slots);
      expect(out.split('\n')[0]).toMatch(
        /doubtful: .*primary0 is linked for another address.*0x000004c1/,
      );
    }
  });

  test.each([0, 0x0800_0000, 0x1000_0000])('wherever the flash is: %#x', async (base) => {
    const file = dump('based.bin', [[PRIMARY, await linked(base + 0x4401)]]);
    const { out } = await flashCommand('why', file, ...slots);
    expect(out).not.toContain('another address');
  });
});

test('slots without room for any image are not said to have less than none', async () => {
  writeFileSync(path('one.bin'), await linked(0x4401));
  for (const size of ['4K', '32K', '64K']) {
    const layout = ['--sectors', '4Kx48', '--primary', '0:64K', '--secondary', '0x10000:64K'];
    const { out } = await flashCommand(
      'fit',
      path('one.bin'),
      ...layout,
      '--logical-sector-size',
      size,
    );
    expect(out).not.toMatch(/has -\d/);
  }
});

describe('a layout of two images', () => {
  test('says that the update is of one of them, and that of the other nothing was cut', async () => {
    const pairs = [
      '--sectors',
      '4Kx64',
      '--primary',
      '0x0:32K',
      '--secondary',
      '0x8000:32K',
    ].concat(['--primary', '0x10000:32K', '--secondary', '0x18000:32K']);
    const bytes = new Uint8Array(64 * 4096).fill(0xff);
    for (const at of [0, 0x1_0000]) bytes.set(await linked(0x201), at);
    writeFileSync(path('pairs.bin'), bytes);
    writeFileSync(path('pairs-update.bin'), await linked(0x201, 2));
    const update = ['--update', path('pairs-update.bin')];
    for (const name of ['boot', 'powercut', 'wear']) {
      const { err } = await flashCommand(name, path('pairs.bin'), ...pairs, ...update);
      expect(err).toContain(
        '--update: of the 2 images of this layout the update of image 0 alone is asked for',
      );
    }
    const cuts = await flashCommand('powercut', path('pairs.bin'), ...pairs, '--request', 'test');
    expect(cuts.err).toContain('--request: of the 2 images');
    const { out } = await flashCommand('powercut', path('pairs.bin'), ...pairs, ...update);
    expect(out).toMatch(/no cut leads to a loss; of image 1 nothing was cut\n|image 1 is/);
  });
});

describe('a verdict without a key', () => {
  test('says that it stands unless the signature is refused', async () => {
    const why = await flashCommand('why', path('good.bin'), ...slots);
    expect(why.out).toMatch(/^primary0 0\.0\.0\+0: runs: every check passes, unless its signature/);
    const booted = await flashCommand('boot', path('good.bin'), ...slots);
    expect(booted.out).toMatch(/^runs: 0\.0\.0\+0, unless its signature is refused/m);
  });
});

describe('reasons', () => {
  test('too many sectors are told as such', async () => {
    const file = path('good.bin');
    const { out, exit } = await flashCommand('why', file, ...slots, '--max-sectors', '12');
    expect(exit).toBe(1);
    expect(out).toContain('Failed reading sectors; BOOT_MAX_IMG_SECTORS=12 - too small?');
    expect(out).not.toContain('header:');
    const inspected = await flashCommand('inspect', file, ...slots, '--max-sectors', '12');
    expect(inspected.out.split('\n')[0]).toContain('BOOT_MAX_IMG_SECTORS=12 - too small?');
  });

  test('foreign bytes are no image, whatever their flags would be', async () => {
    const file = dump('foreign.bin', [
      [PRIMARY, await linked(0x4401)],
      [SECONDARY, new Uint8Array(64).fill(0x5a)],
    ]);
    const { out } = await flashCommand('why', file, ...slots);
    expect(out).toContain(
      'secondary0: refused: header: magic: expected 0x96f3b83d, got 0x5a5a5a5a',
    );
  });

  test('a swap status of zeros is damage, not progress', async () => {
    const image = await linked(0x4401);
    const status = new Uint8Array(3 * 16 * 4);
    const file = dump('zeros.bin', [
      [PRIMARY, image],
      [SECONDARY - 48 - status.length, status],
    ]);
    const { out } = await flashCommand('inspect', file, ...slots);
    expect(out).toMatch(/swap_status .* entries are damaged: no swap writes 0x00/);
  });

  test('a damaged magic says what will fail, and which sector to erase', async () => {
    const file = dump('damaged.bin', [
      [PRIMARY, await linked(0x4401)],
      [SECONDARY - 8, new Uint8Array(4)],
    ]);
    const { out } = await flashCommand('inspect', file, ...slots);
    expect(out.split('\n')[0]).toContain(
      "The primary trailer's magic is damaged: boot_set_confirmed fails with 4 until the sector at 0x13000 is erased.",
    );
  });
});

describe('a file that is no dump', () => {
  test('an image is pointed to image info', async () => {
    writeFileSync(path('app.bin'), await makeImage({ payloadBytes: 3000 }));
    const { exit, err } = await flashCommand('inspect', path('app.bin'));
    expect([exit, err]).toEqual([
      65,
      expect.stringContaining(`this is an image: dfukit image info ${path('app.bin')}`),
    ]);
  });

  test('anything else is named, with what would help', async () => {
    writeFileSync(path('noise.bin'), new Uint8Array(5000).fill(3));
    const { exit, err } = await flashCommand('inspect', path('noise.bin'));
    expect(exit).toBe(65);
    expect(err).toMatch(/noise\.bin: .*say whose it is with --board/);
  });

  test('a dump that ends right behind a magic, but before its slot, is refused by its size', async () => {
    const bytes = new Uint8Array(PRIMARY + 16);
    bytes.set(fromHex('77c295f360d2ef7f3552500f2cb67980'), PRIMARY);
    writeFileSync(path('ends.bin'), bytes);
    const { exit, err } = await flashCommand('inspect', path('ends.bin'), ...slots);
    expect(exit).toBe(65);
    expect(err).toContain(`${PRIMARY + 16}`);
  });

  test('one padded slot is one slot', async () => {
    const image = await makeImage({ payloadBytes: 3000 });
    writeFileSync(path('slot.bin'), padImage(image, { slotSize: 32_768, align: 4 }));
    const { exit, out } = await flashCommand('inspect', path('slot.bin'));
    expect(exit).toBe(0);
    expect(out).toMatch(/^This is one slot of 32\.0 KiB .*version 1\.0\.0\+0/);
    const booted = await flashCommand('boot', path('slot.bin'));
    expect([booted.exit, booted.err]).toEqual([65, expect.stringContaining('This is one slot')]);
  });

  test('fit without arguments knows of boards', async () => {
    const { exit, err } = await flashCommand('fit');
    expect([exit, err]).toEqual([64, expect.stringContaining('--board')]);
  });
});

describe('fit', () => {
  const far = [
    '--sectors',
    '4Kx512',
    '--primary',
    '0x10000:0xe0000',
    '--secondary',
    '0xf0000:0xe0000',
  ];

  test('asks the bootloader, and says what would make it fit', async () => {
    writeFileSync(path('app.bin'), await makeImage({ payloadBytes: 3000 }));
    const few = await flashCommand('fit', path('app.bin'), ...far, '--max-sectors', '128');
    expect(few.exit).toBe(1);
    expect(few.out).toContain('Failed reading sectors; BOOT_MAX_IMG_SECTORS=128 - too small?');
    expect(few.out).toContain('would fit with --max-sectors 224');
    expect((await flashCommand('fit', path('app.bin'), ...far)).exit).toBe(0);
  });

  test('refuses unequal sectors as move does', async () => {
    const unequal = ['--sectors', '16Kx4,64K,128Kx7', '--primary', '0x10000:192K'];
    const { exit, out } = await flashCommand('fit', ...unequal, '--secondary', '0x40000:256K');
    expect(exit).toBe(1);
    expect(out).toContain('Cannot upgrade: not same sector layout');
  });
});

describe('the names of the algorithms', () => {
  test('the layout that is told says whether it reverts', async () => {
    const board = ['fit', '--board', 'reel_board', '--algorithm'];
    const { out } = await flashCommand(...board, 'direct-xip-with-revert');
    expect(out).toMatch(/^direct-xip\+revert, sectors /);
    expect((await flashCommand(...board, 'direct-xip')).out).toMatch(/^direct-xip, sectors /);
  });

  test.each([
    'direct-xip+revert',
    'direct-xip-with-revert',
    'overwrite',
    'overwrite-only',
    'swap_using_move',
  ])('%s is one everywhere', async (name) => {
    const { exit } = await flashCommand('fit', '--board', 'reel_board', '--algorithm', name);
    expect(exit).toBe(0);
    const board = await ran(['board', 'erase', 'reel_board', '--algorithm', name, '--help']);
    expect(board.err).not.toContain('no mode');
  });
});

describe('a boot of very many erases', () => {
  test('is told in runs', async () => {
    const file = dump('scramble.bin', [
      [PRIMARY, await linked(0x4401)],
      [SECONDARY, await makeImage({ payloadBytes: 30_000 })],
    ]);
    const { out } = await flashCommand(
      'boot',
      file,
      ...slots,
      '--request',
      'test',
      '--algorithm',
      'overwrite',
    );
    expect(out).toMatch(/sectors 4 to \d+ at 0x4000 to 0x\w+ +1 erase each/);
  });

  test('--confirm after a boot that is not asked for is a mistake', async () => {
    const { exit, err } = await flashCommand('boot', path('good.bin'), ...slots, '--confirm', '5');
    expect([exit, err]).toEqual([64, expect.stringContaining('expected boots up to 1 (--times)')]);
  });
});

test('a swap that was cut is found by the sectors of its slots', async () => {
  const device = await forgeDevice({
    algorithm: 'swap-using-move',
    sectorBytes: 4096,
    primarySectors: 16,
    payloadBytes: 9000,
  });
  new ApplicationSide(device.flash, device.config).setPending();
  let left = 30;
  await boot({
    ...device,
    counters: undefined,
    onOperation: () => {
      left -= 1;
      if (left < 0) throw new DfuError('POWER_LOST', 'cut');
    },
  });
  writeFileSync(path('cut.bin'), dumpOf(device.flash));
  const total = device.flash.sizeBytes / 4096;
  const own = ['--sectors', `4Kx${total}`, '--primary', '0:64K', '--secondary', '64K:64K'];
  const told = await flashCommand('inspect', path('cut.bin'), ...own);
  expect(told.out.split('\n')[0]).toMatch(
    /swap of \d+ bytes was cut .*; the next boot goes on with it and runs 2\.0\.0/,
  );
  expect(told.out.split('\n')[0]).not.toContain('doubtful: the swap status');
  const wrong = await flashCommand('inspect', path('cut.bin'), ...own, '--max-sectors', '128');
  expect(wrong.out.split('\n')[0]).toMatch(
    /doubtful: .*the swap status is that of a build for 16 sectors/,
  );
  const guessed = await flashCommand('inspect', path('cut.bin'));
  expect(guessed.exit).toBe(0);
  expect(guessed.out.split('\n')[0]).toMatch(
    /goes on with it and runs 2\.0\.0.*doubtful: the layout was guessed/,
  );
});
