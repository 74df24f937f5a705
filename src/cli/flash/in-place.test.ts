import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeImage } from '../../../test/support/mcuboot/images.ts';
import type { MadeImage } from '../../../test/support/mcuboot/images.ts';
import { ran } from '../../../test/support/fake-terminal.ts';
import type { Ran } from '../../../test/support/fake-terminal.ts';

// Bootloaders that run images from their slots, or from RAM, pass some over without a word. These are the words.

const folder = mkdtempSync(join(tmpdir(), 'dfukit-in-place-'));
const path = (name: string): string => join(folder, name);
const slots = ['--sectors', '4Kx36', '--primary', '0x4000:64K', '--secondary', '0x14000:64K'];

const images: Readonly<Record<string, MadeImage>> = {
  plain: {},
  first: { romFixed: 0x4000 },
  elsewhere: { romFixed: 0x8000 },
  far: { loadAddr: 0x1000_0000 },
  never: { nonBootable: true },
};

beforeAll(async () => {
  for (const [name, options] of Object.entries(images)) {
    const image = await makeImage(options);
    writeFileSync(path(`${name}.bin`), image);
    for (const [slot, at] of [0x4000, 0x14000].entries()) {
      const dump = new Uint8Array(36 * 4096).fill(0xff);
      dump.set(image, at);
      writeFileSync(path(`${name}-in-${slot}.bin`), dump);
    }
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

function flash(command: string, name: string, algorithm: string): Promise<Ran> {
  return ran(['flash', command, path(`${name}.bin`), '--algorithm', algorithm, ...slots]);
}

const reasons = [
  ['plain', 'ram-load', 'image-address: it has no load address (imgtool sign --load-addr)'],
  ['far', 'ram-load', 'image-address: it is to be loaded to 0x10000000 to'],
  ['elsewhere', 'direct-xip', 'image-address: it is built for 0x8000 (ROM_FIXED)'],
] as const;

describe.each(reasons)('%s with %s', (name, algorithm, words) => {
  test('does not fit', async () => {
    const { exit, out } = await flash('fit', name, algorithm);
    expect(exit).toBe(1);
    expect(out).toContain(`does not fit: ${words}`);
    expect(out).not.toContain('image not found');
  });

  test.each([0, 1])('is refused in slot %i', async (slot) => {
    const why = await flash('why', `${name}-in-${slot}`, algorithm);
    expect(why.exit).toBe(1);
    expect(why.out).toContain(`refused: ${words}`);
    const inspected = await flash('inspect', `${name}-in-${slot}`, algorithm);
    expect(inspected.out).toContain(`finds nothing bootable (${words}`);
    expect(inspected.out).not.toContain('the bootloader takes it');
    const booted = await flash('boot', `${name}-in-${slot}`, algorithm);
    expect(booted.exit).toBe(1);
    expect(booted.out).toContain(words);
  });
});

test('an image that is built for one slot fits, and is refused in the other', async () => {
  expect((await flash('fit', 'first', 'direct-xip')).exit).toBe(0);
  const { exit, out } = await flash('why', 'first-in-1', 'direct-xip');
  expect(exit).toBe(1);
  expect(out).toContain('it is built for 0x4000 (ROM_FIXED), and stands at 0x14000');
});

test('with revert, an image that nothing asks for is told as one that will be erased', async () => {
  const { exit, out } = await flash('why', 'plain-in-0', 'direct-xip+revert');
  expect(exit).toBe(1);
  expect(out).toContain('request: its trailer does not ask for it, so the bootloader erases it');
});

test.each(['move', 'overwrite', 'direct-xip'])(
  'with %s, NON_BOOTABLE is the reason',
  async (algorithm) => {
    const { exit, out } = await flash('fit', 'never', algorithm);
    expect(exit).toBe(1);
    expect(out).toContain('does not fit: header: it is marked NON_BOOTABLE');
  },
);
