import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  ApplicationSide,
  ImageJudge,
  boot,
  examineSlot,
  largestImageBytes,
  swapUnderWay,
} from '../../src/boot/mcuboot/index.ts';
import { MemoryFlash } from '../../src/flash/index.ts';
import { deviceBefore, powerLost } from '../support/mcuboot/replay.ts';
import type { BootVector } from '../support/mcuboot/vector-files.ts';
import { VectorFolder, configOf, contentsOf, geometryOf } from '../support/mcuboot/vector-files.ts';

const folder = new VectorFolder(resolve(import.meta.dirname, '../vectors/mcuboot'));

describe('the largest image', () => {
  test.each(['move', 'offset', 'scratch'])(
    'of %s is the one that the C library just takes',
    (name) => {
      const exact = folder.json(`boot/${name}-slot128k-max`) as BootVector;
      const config = configOf(exact.config);
      const flash = new MemoryFlash(geometryOf(exact.config));
      const sizes = Object.values(exact.images ?? {}).map(({ size }) => size);
      expect(largestImageBytes(flash, config)).toBe(Math.max(...sizes));
    },
  );
});

// What refuses an image, each from the scenario that has it.
const refusals: readonly (readonly [string, string, RegExp])[] = [
  ['move-ed25519-w4-m8-bad-hash', 'hash', /^SHA256 at 0x[0-9a-f]+: expected [0-9a-f]{64}, got/],
  ['move-ed25519-w4-m8-unsigned', 'signature-missing', /no ed25519 signature/],
  ['move-ed25519-w4-m8-wrong-key', 'key-unknown', /is not in the bootloader/],
  ['offset-ed25519-w4-m8-bad-signature', 'signature', /not key 0's signature/],
  ['move-slot128k-max-plus-1', 'size', /, 1 too many; the largest image here has/],
];

describe('examining a slot', () => {
  test.each(refusals)('%s: %s', async (name, refusedBy, reason) => {
    const { flash, judge, vector } = await deviceBefore(folder, `boot/${name}`, 0);
    const config = configOf(vector.config);
    const before = contentsOf(flash);
    const found = await examineSlot({ flash, config, judge }, { image: 0, slot: 1 });
    const refusal = { refusedBy, slot: 1, reason: expect.stringMatching(reason) };
    expect(found).toMatchObject({ state: 'refused', refusal });
    expect(contentsOf(flash)).toEqual(before);
    // the bootloader says the same once it is asked to take it
    new ApplicationSide(flash, config).setPending();
    const { refusals: said } = await boot({ flash, config, judge });
    expect(said.map((each) => each.refusedBy)).toEqual([refusedBy]);
  });

  test('finds valid, empty and non-bootable images', async () => {
    const good = await deviceBefore(folder, 'boot/offset-ed25519-w4-m8-seed-sequence', 0);
    const config = configOf(good.vector.config);
    const state = async (slot: 0 | 1, flash = good.flash): Promise<string> =>
      (await examineSlot({ flash, config, judge: good.judge }, { image: 0, slot })).state;
    expect([await state(0), await state(1)]).toEqual(['valid', 'valid']);
    expect(await state(0, new MemoryFlash(good.flash.geometry))).toBe('empty');
    const odd = await deviceBefore(folder, 'boot/move-ed25519-w4-m8-non-bootable', 0);
    const options = { flash: odd.flash, config: configOf(odd.vector.config), judge: odd.judge };
    expect((await examineSlot(options, { image: 0, slot: 1 })).state).toBe('non-bootable');
  });

  test('finds an image that is linked for another place, where the build looks at that', async () => {
    const { flash, judge, vector } = await deviceBefore(
      folder,
      'boot/move-ed25519-w4-m8-seed-sequence',
      1,
    );
    const config = configOf(vector.config);
    const checks = ['load-address', 'reset-vector'] as const;
    for (const verifyImageAddress of checks) {
      const options = { flash: flash.fork(), judge, config: { ...config, verifyImageAddress } };
      const found = await examineSlot(options, { image: 0, slot: 1 });
      expect(found).toMatchObject({ refusal: { refusedBy: 'image-address' } });
      new ApplicationSide(options.flash, config).setPending();
      const { log, swapTypes } = await boot(options);
      expect(swapTypes).toEqual(['none']);
      expect(log).toContain(
        'E: Binary in secondary slot of image 0 is not designated for the primary slot',
      );
    }
  });

  test('of an image pair that is not there is refused', async () => {
    const { flash, vector } = await deviceBefore(
      folder,
      'boot/move-ed25519-w4-m8-seed-sequence',
      0,
    );
    const options = {
      flash,
      config: configOf(vector.config),
      judge: new ImageJudge({ signature: 'none' }),
    };
    await expect(examineSlot(options, { image: 1, slot: 0 })).rejects.toThrow(
      /expected 0 to 0, got 1/,
    );
  });
});

// How far a swap is after so many operations: 6 sectors, so 6 moves before the first exchange.
const progress = [
  ['move', 0, undefined],
  ['move', 11, { op: 'move', index: 2, state: 1 }],
  ['move', 41, { op: 'move', index: 7, state: 1 }],
  ['move', 47, { op: 'swap', index: 1, state: 2 }],
  ['offset', 12, { op: 'swap', index: 1, state: 2 }],
  ['offset', 18, { op: 'swap', index: 2, state: 1 }],
] as const;

describe('a swap that was cut', () => {
  test.each(progress)('using %s, after %i operations', async (name, operations, expected) => {
    const scenario = `boot/${name}-ed25519-w4-m8-seed-sequence`;
    const { flash, judge, vector } = await deviceBefore(folder, scenario, 2);
    const config = configOf(vector.config);
    let done = 0;
    const onOperation = (): void => {
      if (done === operations) throw powerLost();
      done += 1;
    };
    expect((await boot({ flash, config, judge, onOperation })).outcome).toBe('cut');
    const found = swapUnderWay(flash, config);
    const rest = { source: 'primary', swapType: 'test', swapSize: 23_156 };
    expect(found).toEqual(expected && { ...rest, ...expected });
  });
});
