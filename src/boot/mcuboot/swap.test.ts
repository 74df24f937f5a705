import { describe, expect, test } from 'vitest';
import {
  application,
  bootAndCut,
  bootOnce,
  primaryBytes,
  ran,
  statesOfCuts,
} from '../../../test/support/mcuboot/bench.ts';
import { faultOf, stepsOf } from '../../../test/support/mcuboot/failing.ts';
import { makeImage } from '../../../test/support/mcuboot/images.ts';
import { toy } from '../../../test/support/mcuboot/toy.ts';
import type { Toy, ToyOptions } from '../../../test/support/mcuboot/toy.ts';
import { slotTrailerBytes } from './trailer-layout.ts';
import type { Algorithm } from './trailer-layout.ts';
import { MemoryFlash } from '../../flash/index.ts';
import { largestImageBytes, swapUnderWay } from './inspect.ts';

// The three swaps on a toy: an image of three sectors and one of less change places.

const swaps: readonly Algorithm[] = ['swap-using-move', 'swap-using-offset', 'swap-using-scratch'];

/** Toys that differ in what a swap may depend on; the first of them are cut at every operation. */
const cutKinds: readonly (readonly [string, ToyOptions])[] = [
  ['4-byte words', {}],
  ['a trailer of two sectors', { primarySectors: 6, more: { maxImgSectors: 30 } }],
  [
    '32-byte words',
    { writeUnitBytes: 32, more: { maxAlign: 32 }, sectorBytes: 512, primarySectors: 6 },
  ],
  [
    'logical sectors',
    {
      sectorBytes: 128,
      primarySectors: 10,
      scratchSectors: 2,
      more: { logicalSectorBytes: 256, maxImgSectors: 5 },
    },
  ],
  ['the larger image first', { images: [{ major: 1 }, { major: 2, payloadBytes: 100 }] }],
];
const kinds: typeof cutKinds = [
  ...cutKinds,
  ['1-byte words', { writeUnitBytes: 1 }],
  ['16-byte words', { writeUnitBytes: 16, more: { maxAlign: 16 }, sectorBytes: 512 }],
  ['flash that erases to 0', { erasedValue: 0x00 }],
  ['images of one sector', { images: [{ payloadBytes: 9 }, { major: 2, payloadBytes: 8 }] }],
  ['scratch for two sectors', { scratchSectors: 2 }],
  ['small chunks', { more: { copyChunkBytes: 64 } }],
];
const casesOf = (list: typeof kinds) =>
  swaps.flatMap((algorithm) => list.map(([kind, options]) => ({ algorithm, kind, options })));

function expectPrimary(device: Toy, which: 0 | 1): void {
  const image = device.images[which] ?? new Uint8Array();
  expect(primaryBytes(device, image.length)).toEqual(image);
}

/** Cuts of the next boot behind which the one after it does not end with this version, whole. */
async function badCuts(device: Toy, major: 1 | 2): Promise<string[]> {
  const bad: string[] = [];
  for (const kind of ['clean', 'torn'] as const) {
    const states = await statesOfCuts(device, kind);
    expect(states.length).toBeGreaterThan(10);
    for (const [at, flash] of states.entries()) {
      const cut = { ...device, flash };
      const result = await bootOnce(cut);
      if (ran(result) !== major) bad.push(`${kind} ${at}: ${ran(result)}`);
      bad.push(...faultOf(cut, result));
    }
  }
  return bad;
}

describe.each(casesOf(kinds))('$algorithm, $kind', ({ algorithm, options }) => {
  test('swaps for a test, reverts, and stays', async () => {
    const device = await toy(algorithm, options);
    const side = application(device);
    expect(side.setPending()).toBe(0);
    const first = await bootOnce(device);
    expect([ran(first), first.swapTypes]).toEqual([2, ['test']]);
    expectPrimary(device, 1);
    expect(side.isConfirmed()).toBe(false);
    const second = await bootOnce(device);
    expect([ran(second), second.swapTypes]).toEqual([1, ['revert']]);
    expectPrimary(device, 0);
    expect(side.isConfirmed()).toBe(true);
    expect(await stepsOf(device)).toEqual([]);
  });

  test('keeps what is confirmed', async () => {
    const device = await toy(algorithm, options);
    const side = application(device);
    side.setPending();
    await bootOnce(device);
    side.setConfirmed();
    const next = await bootOnce(device);
    expect([ran(next), next.swapTypes]).toEqual([2, ['none']]);
  });

  test('swaps for good', async () => {
    const device = await toy(algorithm, options);
    application(device).setPending({ permanent: true });
    expect(ran(await bootOnce(device))).toBe(2);
    expect(application(device).state('primary0')).toMatchObject({
      imageOk: 'set',
      copyDone: 'set',
    });
    expect(ran(await bootOnce(device))).toBe(2);
  });
});

test.each(casesOf(cutKinds))(
  '$algorithm, $kind, goes on after a cut at every operation, there and back',
  async ({ algorithm, options }) => {
    const device = await toy(algorithm, options);
    application(device).setPending();
    expect(await badCuts(device, 2)).toEqual([]);
    await bootOnce(device);
    expect(await badCuts(device, 1)).toEqual([]);
  },
);

describe.each(swaps)('%s', (algorithm) => {
  test('shows how far a cut swap has come, in steps that only go forward', async () => {
    const device = await toy(algorithm);
    expect(swapUnderWay(device.flash, device.config)).toBeUndefined();
    application(device).setPending();
    const seen: number[] = [];
    for (const flash of await statesOfCuts(device)) {
      const under = swapUnderWay(flash, device.config);
      if (under === undefined) continue;
      expect(under).toMatchObject({ swapType: 'test', swapSize: 672 });
      seen.push((under.op === 'swap' ? 100 : 0) + under.index * 10 + under.state);
    }
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(new Set(seen).size).toBeGreaterThan(4);
  });

  test('survives many cuts in a row', async () => {
    const device = await toy(algorithm);
    application(device).setPending();
    // the power fails later and later, and the boot gets further each time
    for (let at = 1; at < 60; at += 4) {
      if (ran(await bootAndCut(device, at)) !== 'cut') break;
    }
    expect(ran(await bootOnce(device))).toBe(1);
    expectPrimary(device, 0);
  });
});

test.each([...swaps, 'overwrite-only' as const])(
  '%s erases a bad secondary image and leaves a bad primary one',
  async (algorithm) => {
    for (const slot of [0, 1] as const) {
      const device = await toy(algorithm);
      const { primary, secondary } = device.config.images[0] ?? {};
      const { offsetBytes, sizeBytes } = (slot === 0 ? primary : secondary) ?? {
        offsetBytes: 0,
        sizeBytes: 0,
      };
      // far enough up for swap using offset, whose image begins in the second sector
      device.flash.program(offsetBytes + 0x140, new Uint8Array(4));
      if (slot === 1) application(device).setPending();
      expect(ran(await bootOnce(device))).toBe(slot === 0 ? 'fail' : 1);
      const left = device.flash.read(offsetBytes, sizeBytes);
      expect(left.every((byte) => byte === 0xff)).toBe(slot === 1);
    }
  },
);

describe('swap using scratch, images that fill their slots', () => {
  // The trailer takes one sector and a few bytes of another: 8 of them, which are fewer than the 60
  // that scratch needs for its own trailer, or 236.
  test.each([
    [18, 264, 5 * 256 - 60],
    [37, 492, 6 * 256 - 492],
  ])('a trailer for %i sectors, of %i bytes', async (maxImgSectors, trailerBytes, most) => {
    const options = { primarySectors: 6, more: { maxImgSectors } };
    const empty = await toy('swap-using-scratch', { ...options, images: [] });
    const shape = { algorithm: 'swap-using-scratch', maxAlign: 8, maxImgSectors } as const;
    const found = [slotTrailerBytes(shape, 4), largestImageBytes(empty.flash, empty.config)];
    expect(found).toEqual([trailerBytes, most]);
    const { length } = await makeImage({ payloadBytes: 0 });
    const images = [
      { major: 1, payloadBytes: most - length },
      { major: 2, payloadBytes: most - length - 4 },
    ];
    const device = await toy('swap-using-scratch', { ...options, images });
    application(device).setPending();
    const steps = await stepsOf(device);
    const last = steps.findIndex(
      ({ area, kind }, n) => n > 0 && area === 'scratch' && kind === 'erase',
    );
    // Half an erase may take the data of scratch and leave the trailer that vouches for it: one
    // sector has no lower one that could go later. MCUboot falls into this as well.
    expect(await badCuts(device, 2)).toEqual([`torn ${last}: fail`]);
    await bootOnce(device);
    expect(await badCuts(device, 1)).toEqual([`torn ${last}: fail`]);
  });

  test('may be larger where the sectors of the secondary slot are', async () => {
    const at = (offsetBytes: number, sizeBytes: number) => ({ offsetBytes, sizeBytes });
    const sectors = [
      { sizeBytes: 256, count: 8 },
      { sizeBytes: 512, count: 5 },
    ];
    const flash = new MemoryFlash({ sectors, writeUnitBytes: 4, erasedValue: 0xff });
    const [small, large] = [at(0, 2048), at(2048, 2048)];
    const config = {
      algorithm: 'swap-using-scratch',
      scratch: at(4096, 512),
      maxImgSectors: 18,
    } as const;
    const mostOf = (primary: typeof small, secondary: typeof small): number =>
      largestImageBytes(flash, { ...config, images: [{ primary, secondary }] });
    expect([mostOf(small, small), mostOf(small, large), mostOf(large, large)]).toEqual([
      2048 - 264 - 52,
      2048 - 264,
      2048 - 264,
    ]);
  });
});

test('swap using offset loses images of one sector to a cut behind the erase, as MCUboot does', async () => {
  // boot_read_image_header counts the last sector from 0 and compares it with a number from 1: the old
  // image's header, which is in the secondary slot by then, is looked for in the primary one
  const images = [{ payloadBytes: 100 }, { major: 2, payloadBytes: 90 }];
  const device = await toy('swap-using-offset', { images });
  application(device).setPending();
  const ends = await Promise.all(
    (await statesOfCuts(device)).map(async (flash) => await bootOnce({ ...device, flash })),
  );
  const lost = ends.filter((each) => ran(each) === 'fail');
  expect(lost.length).toBe(1);
  expect(lost[0]?.log).toContain('W: Failed reading image headers; Image=0');
  expect(ends.filter((each) => ran(each) === 2).length).toBe(ends.length - 1);
});
