import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { boardLayout, boardModel } from '../../board/index.ts';
import { MemoryFlash } from '../../flash/index.ts';
import { riotbootImage, writePublicPem } from '../../image/index.ts';
import { dumpOf } from '../../lab/index.ts';
import {
  forgeDevice,
  forgeImage,
  labKey,
  scenario,
} from '../../../test/support/mcuboot/lab-bench.ts';
import { ran } from '../../../test/support/fake-terminal.ts';
import type { Ran } from '../../../test/support/fake-terminal.ts';
import { hashOf } from '../../../test/support/mcuboot/vector-files.ts';

const root = resolve(import.meta.dirname, '../../../test/vectors/mcuboot');
const seed = 'move-ed25519-w4-m8-seed-sequence';
const layout = join(root, `boot/${seed}.json`);
const key = join(root, 'keys/ed25519.pub.pem');
const folder = mkdtempSync(join(tmpdir(), 'dfukit-flash-'));
const path = (name: string): string => join(folder, name);

beforeAll(async () => {
  for (const step of [0, 2, 3]) {
    const { flash } = await scenario(seed, step);
    writeFileSync(path(`step${step}.bin`), dumpOf(flash));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs `dfukit flash …` in this process. */
function flashCommand(...args: string[]): Promise<Ran> {
  return ran(['flash', ...args]);
}

describe('flash inspect', () => {
  test('begins with the state and shows every field with its address', async () => {
    const { exit, out } = await flashCommand(
      'inspect',
      path('step2.bin'),
      '--layout',
      layout,
      '-k',
      key,
    );
    expect(exit).toBe(0);
    expect(out.split('\n')[0]).toMatch(/^Version 2\.0\.0\+0 waits in the secondary slot/);
    expect(out).toMatch(/swap_info +0xffd8 \(0x2bfd8\) +02 +swap type test, image 0/);
    expect(out).toMatch(/signature +ED25519 by .*ed25519\.pub\.pem: right/);
  });

  test('as JSON', async () => {
    const { out } = await flashCommand(
      'inspect',
      path('step3.bin'),
      '--layout',
      layout,
      '-k',
      key,
      '--json',
    );
    const found = JSON.parse(out) as {
      state: string[];
      slots: { version: string; signatures: { valid: boolean }[] }[];
      trailers: { state: { copyDone: string } }[];
    };
    expect(found.state[0]).toMatch(/is on trial/);
    expect(found.slots.map(({ version }) => version)).toEqual(['2.0.0+0', '1.0.0+0']);
    expect(found.slots[0]?.signatures[0]?.valid).toBe(true);
    expect(found.trailers[0]?.state.copyDone).toBe('set');
  });

  test('guesses the layout and says which fitted', async () => {
    const { exit, out, err } = await flashCommand('inspect', path('step3.bin'), '-k', key);
    expect(exit).toBe(0);
    expect(err).toMatch(
      /guessed swap-using-move, .* primary 0xc000:0x10000, secondary 0x1c000:0x10000/,
    );
    expect(err).toMatch(/18 status entries in the primary slot/);
    expect(out).toMatch(/^Version 2\.0\.0\+0 is on trial/);
  });

  test('takes the layout from options', async () => {
    const options = ['--sectors', '4Kx44', '--primary', '0xc000:64K', '--secondary', '0x1c000:64K'];
    const { out, err } = await flashCommand('inspect', path('step3.bin'), ...options);
    expect(out).toMatch(/^Version 2\.0\.0\+0 is on trial/);
    expect(err).toBe('signatures are not checked: no key was given (-k)\n');
  });

  test('knows a board by its name, and riotboot', async () => {
    const model = boardModel('particle-xenon');
    const { slots, headerBytes } = boardLayout(model, 'riotboot_dfu');
    const device = new MemoryFlash(model.flash);
    for (const { index, offsetBytes, imageAddress } of slots) {
      const header = { version: index + 5, startAddress: imageAddress, headerLength: headerBytes };
      device.program(offsetBytes, riotbootImage(new Uint8Array(16), header));
    }
    writeFileSync(path('xenon.bin'), dumpOf(device));
    const named = await flashCommand('inspect', path('xenon.bin'), '--board', 'particle-xenon');
    expect(named.out).toMatch(/^Slot 1 with version 6 boots; slot 0 has version 5\./);
    expect((await flashCommand('inspect', path('xenon.bin'))).out).toBe(named.out);
    const why = await flashCommand('why', path('xenon.bin'), '--board', 'particle-xenon');
    expect(why.out).toMatch(/^slot 0: valid, but not taken: 6 is higher\nslot 1: boots/);
    const boot = await flashCommand('boot', path('xenon.bin'), '--board', 'particle-xenon');
    expect([boot.exit, boot.err]).toEqual([
      64,
      expect.stringMatching(/expected --bootloader mcuboot/),
    ]);
  });
});

describe('a layout that is not that of the dump', () => {
  const near = (at: string): string[] => [
    '--sectors',
    '4Kx44',
    '--primary',
    '0xc000:64K',
    '--secondary',
    at,
  ];

  test('is told by what lies elsewhere', async () => {
    const { exit, out } = await flashCommand('inspect', path('step2.bin'), ...near('0x1d000:60K'));
    expect(exit).toBe(0);
    expect(out).toContain('an image begins at 0x1c000, where this layout has no slot');
    const { out: other } = await flashCommand('inspect', path('step2.bin'), ...near('0x1c000:60K'));
    expect(other).toContain('a trailer ends at 0x2c000, where no slot of this layout ends');
  });

  test('is told by bytes that no field explains', async () => {
    const args = ['inspect', path('step3.bin'), ...near('0x1c000:64K'), '--write-unit', '8'];
    const { out } = await flashCommand(...args);
    expect(out).toMatch(/\d+ bytes in the trailer of primary0 are not explained/);
    const { out: right } = await flashCommand(...args.slice(0, -2));
    expect(right).not.toContain('not explained');
  });
});

describe('flash boot', () => {
  test('leaves the dump alone, unless told where to write', async () => {
    const before = readFileSync(path('step2.bin'));
    const args = ['boot', path('step2.bin'), '--layout', layout, '-k', key];
    const { out } = await flashCommand(...args, '--times', '2');
    expect(out).toContain('I: Starting swap using move algorithm.');
    expect(out).toContain('114 operations: 20 erases, 94 writes of 73828 bytes');
    expect(out).toMatch(/primary0 +magic good, swap type revert, copy_done set, image_ok set/);
    expect(readFileSync(path('step2.bin'))).toEqual(before);
    await flashCommand(...args, '-o', path('after.bin'));
    const { flash: expected } = await scenario(seed, 3);
    expect(readFileSync(path('after.bin'))).toEqual(Buffer.from(dumpOf(expected)));
    expect(hashOf(expected)).toMatch(/^182edce2/);
  });

  test('confirms where it is told to', async () => {
    const args = ['boot', path('step2.bin'), '--layout', layout, '-k', key, '--times', '2'];
    const { out } = await flashCommand(...args, '--confirm', '1');
    expect(out).toContain('the application confirms image 0: boot_set_confirmed confirms');
    expect(out.match(/runs: 2\.0\.0\+0/g)).toHaveLength(2);
    expect(out).toMatch(/Version 2\.0\.0\+0 is installed and confirmed/);
  });
});

describe('flash why', () => {
  test('names the check', async () => {
    const { out } = await flashCommand('why', path('step0.bin'), '--layout', layout, '-k', key);
    expect(out).toMatch(/^primary0 1\.0\.0\+0: runs: every check passes/);
    expect(out).toMatch(/secondary0 2\.0\.0\+0: stays: request: nothing asks for it/);
  });
});

describe('flash fit', () => {
  test('says by how many bytes', async () => {
    const key2 = await labKey();
    writeFileSync(path('big.bin'), await forgeImage(1, 60_000, key2));
    writeFileSync(path('small.bin'), await forgeImage(1, 1000, key2));
    const big = await flashCommand('fit', path('big.bin'), '--layout', layout);
    const bytes = readFileSync(path('big.bin')).length;
    expect(big.exit).toBe(1);
    expect(big.out).toContain('largest image: 57344 bytes');
    expect(big.out).toContain(`${bytes - 57_344} bytes too big`);
    expect((await flashCommand('fit', path('small.bin'), '--layout', layout)).exit).toBe(0);
  });

  test('knows boards', async () => {
    const { out } = await flashCommand('fit', '--board', 'reel_board');
    expect(out).toMatch(/largest image: 475136 bytes/);
  });
});

describe('flash powercut', () => {
  test('draws, writes vectors of losses, and exits with 1', async () => {
    const device = await scenario('scratch-ed25519-w4-m8-seed-sequence', 3);
    writeFileSync(path('revert.bin'), dumpOf(device.flash));
    const own = join(root, 'boot/scratch-ed25519-w4-m8-seed-sequence.json');
    const args = ['powercut', path('revert.bin'), '--layout', own, '-k', key];
    const target = ['--svg', path('map.svg'), '--vectors', path('losses')];
    const { exit, out } = await flashCommand(...args, ...target);
    expect(out).toMatch(/^\d+ operations in this boot; without a cut the boots run 1\.0\.0\+0/);
    expect(exit).toBe(1);
    expect(readFileSync(path('map.svg'), 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s);
    const files = readdirSync(path('losses'), { recursive: true, encoding: 'utf8' });
    const dump = files.find((name) => name.endsWith('.bin.gz'));
    expect(gunzipSync(readFileSync(path(`losses/${dump ?? ''}`)))).toHaveLength(
      device.flash.sizeBytes,
    );
    for (const [name] of out.matchAll(/\S+losses\S+json/g))
      expect(() => readFileSync(name)).not.toThrow();
    expect(files.some((name) => name.includes('.new'))).toBe(false);
  });

  test('exits with 0 where nothing is lost', async () => {
    const { exit, out } = await flashCommand(
      'powercut',
      path('step2.bin'),
      '--layout',
      layout,
      '-k',
      key,
    );
    expect([exit, out.split('\n').at(-2)]).toEqual([0, 'no cut leads to a loss']);
  });
});

describe('flash wear', () => {
  test('compares the algorithms', async () => {
    const times = ['--erase-ms', '85', '--program-us', '41'];
    const { out } = await flashCommand(
      'wear',
      path('step0.bin'),
      '--layout',
      layout,
      '-k',
      key,
      ...times,
    );
    expect(out).toMatch(/swap-using-move\n {2}update: 20 erases .* 2\.457 s/);
    expect(out).toMatch(/overwrite-only\n {2}update: 18 erases/);
    expect(out).toMatch(/scratch {5}7\n/);
  });
});

// What goes wrong is said in a sentence with what was expected, and the exit code is as elsewhere.
const failures: readonly (readonly [string, string[], number, RegExp])[] = [
  [
    'a dump cut short',
    ['inspect', 'short.bin', '--layout', layout],
    65,
    /expected a dump of all 180224 bytes .* got 1000: it is cut short/,
  ],
  ['no dump', ['inspect', 'missing.bin'], 66, /missing\.bin: no such file/],
  [
    'half a layout',
    ['boot', 'step0.bin', '--primary', '0:64K'],
    64,
    /expected --sectors, --primary and --secondary together/,
  ],
  ['an unknown board', ['why', 'step0.bin', '--board', 'x'], 64, /no board "x"; there is:/],
  [
    'an unknown algorithm',
    ['why', 'step0.bin', '--algorithm', 'x'],
    64,
    /--algorithm: expected swap-using-move/,
  ],
  [
    'a key that is none',
    ['why', 'step0.bin', '--layout', layout, '-k', 'short.bin'],
    65,
    /expected/,
  ],
  ['a layout that is no JSON', ['why', 'step0.bin', '--layout', 'short.bin'], 65, /expected JSON/],
  [
    'wrong sectors',
    ['fit', '--sectors', '4Kx0', '--primary', '0:4K', '--secondary', '4K:4K'],
    64,
    /--sectors: expected/,
  ],
  ['no image to guess from', ['inspect', 'blank.bin'], 65, /expected an MCUboot image/],
];

describe('what cannot be', () => {
  test.each(failures)('%s', async (_, args, code, words) => {
    writeFileSync(path('short.bin'), new Uint8Array(1000));
    writeFileSync(path('blank.bin'), new Uint8Array(8192).fill(0xff));
    const known = args.map((each) => (each.endsWith('.bin') ? path(each) : each));
    const { exit, err } = await flashCommand(...known);
    expect(err).toMatch(words);
    expect(exit).toBe(code);
  });

  test('does not leave half a file', async () => {
    const blocked = path('step0.bin/nested.bin');
    const { exit } = await flashCommand(
      'boot',
      path('step0.bin'),
      '--layout',
      layout,
      '-o',
      blocked,
    );
    expect(exit).toBe(74);
    expect(readdirSync(folder).filter((name) => name.includes('.new'))).toEqual([]);
  });
});

test('a public key is enough', async () => {
  const device = await forgeDevice({ algorithm: 'swap-using-move' });
  writeFileSync(path('forged.bin'), dumpOf(device.flash));
  writeFileSync(path('forged.pem'), writePublicPem(await labKey()));
  const { out } = await flashCommand('why', path('forged.bin'), '-k', path('forged.pem'));
  expect(out).toMatch(/^primary0 1\.0\.0\+0: runs/);
});
