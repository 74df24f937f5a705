import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dumpOf } from '../../lab/index.ts';
import { writeIntelHex } from '../../image/index.ts';
import type { Segment } from '../../image/index.ts';
import { ran } from '../../../test/support/fake-terminal.ts';
import type { Ran } from '../../../test/support/fake-terminal.ts';
import { scenario } from '../../../test/support/mcuboot/lab-bench.ts';
import { toolchainFile } from '../../../test/support/toolchain/read.ts';
import { uf2Blocks, uf2File } from '../../../test/support/uf2-file.ts';

/*
 * Dumps as toolchains leave them: each means what the same flash means as raw bytes.
 */

const root = resolve(import.meta.dirname, '../../../test/vectors/mcuboot');
const seed = 'move-ed25519-w4-m8-seed-sequence';
const layout = ['--layout', join(root, `boot/${seed}.json`)];
const key = ['-k', join(root, 'keys/ed25519.pub.pem')];
const folder = mkdtempSync(join(tmpdir(), 'dfukit-dump-'));
const path = (name: string): string => join(folder, name);

const flash = (...args: string[]): Promise<Ran> => ran(['flash', ...args]);

let raw: Uint8Array;
let written: readonly Segment[];

/** What is not erased, as a toolchain's HEX has it, at the address of the flash. */
function pieces(bytes: Uint8Array, base: number): Segment[] {
  const found: Segment[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16);
    if (row.some((byte) => byte !== 0xff)) found.push({ address: base + at, bytes: row });
  }
  return found;
}

const uicr = { address: 0x1000_1200, bytes: Uint8Array.of(0xfe, 0xff, 0xff, 0xff) };
const external = { address: 0x1200_0000, bytes: new Uint8Array(40) };

beforeAll(async () => {
  const step = await scenario(seed, 2);
  raw = dumpOf(step.flash);
  written = pieces(raw, 0);
  writeFileSync(path('raw.bin'), raw);
  const hex = (name: string, segments: readonly Segment[]): void =>
    writeFileSync(path(name), writeIntelHex(segments));
  hex('at-0.hex', written);
  hex('named-otherwise.txt', written);
  hex('stm32.hex', pieces(raw, 0x0800_0000));
  hex('odd.hex', pieces(raw, 0x5000_0000));
  hex('merged.hex', [...written, uicr, external]);
  hex(
    'half.hex',
    written.map(({ address, bytes }) => ({ address: address + 0x10_0000, bytes })),
  );
  writeFileSync(path('at-0.uf2'), uf2File(...uf2Blocks([{ address: 0, bytes: raw }])));
});
afterAll(() => rmSync(folder, { recursive: true }));

const files: readonly [string, readonly string[]][] = [
  ['at-0.hex', []],
  ['named-otherwise.txt', []],
  ['stm32.hex', []],
  ['odd.hex', ['--base', '0x50000000']],
  ['merged.hex', []],
  ['at-0.uf2', []],
];

/** What a command says of the raw flash, and of the same in another file. */
async function both(
  args: readonly string[],
  name: string,
  options: readonly string[] = [],
): Promise<readonly [Ran, Ran]> {
  const [command = '', ...more] = args;
  const whole = await flash(command, path('raw.bin'), ...layout, ...key, ...more);
  const same = await flash(command, path(name), ...layout, ...key, ...more, ...options);
  return [whole, same];
}

test.each(files)('%s with %j is the raw flash', async (name, options) => {
  const [whole, same] = await both(['inspect'], name, options);
  expect([same.exit, same.out]).toEqual([whole.exit, whole.out]);
});

test.each([
  [['why']],
  [['boot', '--times', '2']],
  [['powercut', '--once', '--kinds', 'clean']],
  [['wear']],
])('flash %j of a merged HEX is that of the raw flash', async (args) => {
  const [whole, same] = await both(args, 'merged.hex');
  expect([same.exit, same.out]).toEqual([whole.exit, whole.out]);
});

describe('where the bytes go', () => {
  const inspect = (name: string, ...more: string[]): Promise<Ran> =>
    flash('inspect', path(name), ...layout, ...key, ...more);

  test('what is outside of the flash is named, with how many bytes', async () => {
    const { err } = await inspect('merged.hex');
    expect(err).toContain(
      'left out, outside of the flash: 0x10001200 to 0x10001203 (4 bytes), 0x12000000 to 0x12000027 (40 bytes)',
    );
  });

  test('where the flash is taken to begin is a doubt that is told', async () => {
    const { err } = await inspect('stm32.hex');
    expect(err).toContain('the flash is taken to begin at 0x08000000; say --base');
    const told = await inspect('stm32.hex', '--base', '0x08000000');
    expect(told.err).not.toContain('is taken to begin');
  });

  test.each([
    ['odd.hex', [], 64, 'expected the address of the flash (--base ADDRESS); the file has 0x50'],
    ['at-0.hex', ['--base', '0x08000000'], 65, 'expected bytes of the flash at 0x08000000'],
    ['at-0.hex', ['--base', '1:2:3'], 64, '--base: expected ADDRESS or ADDRESS:SIZE'],
    ['at-0.hex', ['--base', '0:1G'], 64, '--base: expected bytes'],
    ['at-0.hex', ['--base', '0:64M'], 64, '--base: expected parts of the flash'],
  ])('%s with %j ends with %i', async (name, more, exit, words) => {
    const ended = await inspect(name, ...more);
    expect(ended.exit).toBe(exit);
    expect(ended.err).toContain(words);
  });

  test('a secondary slot in another memory is a part of the flash', async () => {
    const half = raw.length / 2;
    const near = pieces(raw.subarray(0, half), 0);
    const far = pieces(raw.subarray(half), 0x1200_0000);
    writeFileSync(path('two.hex'), writeIntelHex([...near, ...far]));
    const bases = ['--base', `0:${half}`, '--base', '0x12000000'];
    const { out, err } = await inspect('two.hex', ...bases);
    expect(out).toBe((await inspect('raw.bin')).out);
    expect(err).not.toContain('left out');
  });

  test('without a layout the size is taken for what a board has, or a power of two, and told', async () => {
    const { exit, err } = await flash('inspect', path('at-0.hex'), ...key);
    expect(exit).toBe(0);
    expect(err).toMatch(/the file does not say how large the flash is; taken as \d+ bytes/);
    const none = await flash('inspect', path('odd.hex'), ...key);
    expect(none.exit).toBe(64);
    expect(none.err).toContain('--base');
  });

  test('what is no dump says so', async () => {
    writeFileSync(path('a.zip'), 'PK\u0003\u0004');
    const { exit, err } = await inspect('a.zip');
    expect(exit).toBe(65);
    expect(err).toContain('expected a dump of flash, got a zip file');
    writeFileSync(path('broken.hex'), ':00000001FE\n');
    expect((await inspect('broken.hex')).err).toContain(
      'broken.hex: Intel HEX line 1: expected checksum',
    );
  });
});

test.each([
  [1000, 'cut short, or of another flash. Read all of the flash'],
  [0x8_0000, 'cut short, or of another flash'],
  [0x40_0000, 'or of more than one memory: say its layout (--layout, --sectors)'],
])('a dump of %i bytes for another flash is told what to do', async (size, words) => {
  writeFileSync(path('size.bin'), new Uint8Array(size).fill(1));
  const { exit, err } = await flash('inspect', path('size.bin'), '--board', 'particle-xenon');
  expect(exit).toBe(65);
  expect(err).toContain(
    `size.bin: expected a dump of all 1048576 bytes of the flash, got ${size}: it is `,
  );
  expect(err).toContain(words);
});

describe('an update out of a package', () => {
  test('is the one of the first image, by the manifest; the others are named', async () => {
    writeFileSync(path('app.zip'), toolchainFile('dfu_application.zip'));
    const args = ['boot', path('raw.bin'), ...layout, '--update'];
    const { err, out } = await flash(...args, path('app.zip'));
    expect(err).toContain('app.zip: taken: app_update.bin (image_index 0');
    expect(err).toContain('left out: net_core_app_update.bin (image_index 1');
    expect(out).toContain('boot 1:');
    const named = await flash(...args, path('app.zip'), '--part', 'net_core_app_update.bin');
    expect(named.err).not.toContain('left out');
    expect(named.out).toContain('boot 1:');
    const wrong = await flash(...args, path('app.zip'), '--part', 'x');
    expect(wrong).toMatchObject({ exit: 64 });
    expect(wrong.err).toContain('app.zip: --part: expected one file x in the package');
  });
});
