import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ApplicationSide, ImageJudge, boot, isSwap, placeOf } from '../boot/mcuboot/index.ts';
import type { BootConfig } from '../boot/mcuboot/index.ts';
import { DfuError } from '../bytes/index.ts';
import { MemoryFlash } from '../flash/index.ts';
import type { FlashGeometry, SectorRun } from '../flash/index.ts';
import { install, uploadOffset } from '../../test/support/mcuboot/bench.ts';
import { makeImage } from '../../test/support/mcuboot/images.ts';
import type { FlashLayout } from './index.ts';
import { fitUpdate } from './index.ts';

const bytesOf = (runs: readonly SectorRun[]): number =>
  runs.reduce((sum, { count, sizeBytes }) => sum + count * sizeBytes, 0);

const countOf = (runs: readonly SectorRun[]): number =>
  runs.reduce((sum, { count }) => sum + count, 0);

const runs = fc.array(
  fc.record({
    sizeBytes: fc.constantFrom(1024, 2048, 4096),
    count: fc.integer({ min: 1, max: 6 }),
  }),
  { minLength: 1, maxLength: 2 },
);

/** Layouts of builds that copy, possible or not: slots alike, nearly alike, and quite different. */
const layouts: fc.Arbitrary<FlashLayout> = fc
  .record({
    algorithm: fc.constantFrom(
      'swap-using-move' as const,
      'swap-using-offset' as const,
      'swap-using-scratch' as const,
      'overwrite-only' as const,
    ),
    primary: runs,
    other: fc.oneof(fc.constant(undefined), fc.constantFrom(-1, 1), runs),
    scratch: fc.constantFrom(1024, 4096, 8192),
    unit: fc.constantFrom(1 as const, 4 as const, 8 as const),
    sectors: fc.constantFrom('auto', 'fewer', 'many'),
  })
  .map(({ algorithm, primary, other, scratch, unit, sectors }) => {
    const secondary = neighbour(primary, other);
    const [first, second] = [bytesOf(primary), bytesOf(secondary)];
    const count = Math.max(countOf(primary), countOf(secondary));
    const many = { auto: count, fewer: Math.max(1, count - 1), many: count + 20 }[sectors] ?? count;
    const config: BootConfig = {
      algorithm,
      images: [
        {
          primary: { offsetBytes: 0, sizeBytes: first },
          secondary: { offsetBytes: first, sizeBytes: second },
        },
      ],
      scratch: { offsetBytes: first + second, sizeBytes: scratch },
      maxImgSectors: many,
    };
    const geometry: FlashGeometry = {
      sectors: [...primary, ...secondary, { sizeBytes: 1024, count: scratch / 1024 }],
      writeUnitBytes: unit,
      erasedValue: 0xff,
    };
    return { geometry, config };
  });

function neighbour(
  primary: readonly SectorRun[],
  other: number | readonly SectorRun[] | undefined,
): readonly SectorRun[] {
  if (other === undefined) return primary;
  if (typeof other !== 'number') return other;
  const [last, ...rest] = primary.toReversed();
  if (last === undefined || last.count + other < 1) return primary;
  return [...rest.toReversed(), { ...last, count: last.count + other }];
}

/** Boots an update of these bytes and, where that swaps, its revert: by hand, with nothing of the laboratory. */
async function bootsAndReverts({ geometry, config }: FlashLayout, size: number): Promise<boolean> {
  const make = async (major: number): Promise<Uint8Array> => {
    const least = (await makeImage({ major, payloadBytes: 8 })).length;
    return makeImage({ major, payloadBytes: Math.max(8, 8 + size - least) });
  };
  const [old, next] = [await make(1), await make(2)];
  try {
    const flash = new MemoryFlash(geometry);
    install(flash, 0, old);
    const { offsetBytes } = placeOf(config, 'secondary0');
    const up = uploadOffset(config, flash.sectors.at(offsetBytes).sizeBytes);
    if (offsetBytes + up + next.length > placeOf(config, 'secondary0').sizeBytes + offsetBytes) {
      return false;
    }
    install(flash, offsetBytes + up, next);
    new ApplicationSide(flash, config).setPending();
    const judge = new ImageJudge({ signature: 'none', keys: [] });
    const runsNow = async (image: Uint8Array): Promise<boolean> => {
      const { outcome } = await boot({ flash, config, judge });
      return outcome === 'ok' && Buffer.from(image).equals(flash.read(0, image.length));
    };
    return (await runsNow(next)) && (!isSwap(config.algorithm) || (await runsNow(old)));
  } catch (error) {
    if (DfuError.is(error)) return false;
    throw error;
  }
}

describe('an image fits', () => {
  test(
    'exactly if the bootloader boots it and gives the old one back',
    { timeout: 240_000 },
    async () => {
      const seen = { fits: 0, not: 0 };
      await fc.assert(
        fc.asyncProperty(
          layouts,
          fc.double({ min: 0, max: 1.2, noNaN: true }),
          async (layout, part) => {
            const { largestBytes } = await fitUpdate(layout);
            const near = largestBytes + Math.round(part * 10) - 6;
            const size = Math.max(100, part > 0.5 ? near : Math.round(part * 2 * largestBytes));
            const { fits, reason } = await fitUpdate(layout, { sizeBytes: size });
            expect(await bootsAndReverts(layout, size)).toBe(fits);
            expect(reason === undefined).toBe(fits);
            seen[fits ? 'fits' : 'not'] += 1;
          },
        ),
        { numRuns: 120 },
      );
      expect(Math.min(seen.fits, seen.not)).toBeGreaterThan(10);
    },
  );
});

describe('what would make it fit', () => {
  const sectors = (count: number): FlashLayout => ({
    geometry: { sectors: [{ sizeBytes: 1024, count: 40 }], writeUnitBytes: 4, erasedValue: 0xff },
    config: {
      algorithm: 'swap-using-move',
      images: [
        {
          primary: { offsetBytes: 0, sizeBytes: 16_384 },
          secondary: { offsetBytes: 16_384, sizeBytes: 16_384 },
        },
      ],
      maxImgSectors: count,
    },
  });

  test('more sectors for the bootloader, told in its own words', async () => {
    const found = await fitUpdate(sectors(8), { sizeBytes: 4000 });
    expect(found).toMatchObject({
      fits: false,
      reason: 'Failed reading sectors; BOOT_MAX_IMG_SECTORS=8 - too small?',
      largestBytes: 0,
    });
    expect(found.remedies).toContain('--max-sectors 16 (CONFIG_BOOT_MAX_IMG_SECTORS, or its AUTO)');
  });

  test('larger slots', async () => {
    const { fits, largestBytes, reason, remedies } = await fitUpdate(sectors(16), {
      sizeBytes: 16_000,
    });
    expect([fits, largestBytes]).toEqual([false, 14_336]);
    expect(reason).toBe('size: 16000 bytes, 1664 too many; the largest image here has 14336');
    expect(remedies).toContain('slots of 18432 and 18432 bytes and --max-sectors 18');
  });

  test('nothing, where the image itself is what is refused', async () => {
    const image = await makeImage({ payloadBytes: 600 });
    image[100] = (image[100] ?? 0) ^ 1;
    const judge = new ImageJudge({ signature: 'none', keys: [] });
    const found = await fitUpdate(sectors(16), { image, judge });
    expect(found).toMatchObject({ fits: false, failed: 'update', remedies: [] });
    expect(found.reason).toMatch(/^hash: /);
  });
});

describe('what a power cut can lose though it fits', () => {
  const slots = (algorithm: 'swap-using-offset' | 'swap-using-scratch'): FlashLayout => ({
    geometry: { sectors: [{ sizeBytes: 1024, count: 17 }], writeUnitBytes: 4, erasedValue: 0xff },
    config: {
      algorithm,
      images: [
        {
          primary: { offsetBytes: 0, sizeBytes: 8192 },
          secondary: { offsetBytes: 8192, sizeBytes: 8192 },
        },
      ],
      scratch: { offsetBytes: 16_384, sizeBytes: 1024 },
      maxImgSectors: 8,
    },
  });

  test.each([
    ['swap-using-offset', 900, /^images of at most one sector/],
    ['swap-using-scratch', 7500, /^images that reach into the sector of the trailer/],
  ] as const)('%s', async (algorithm, sizeBytes, words) => {
    const found = await fitUpdate(slots(algorithm), { sizeBytes });
    expect(found).toMatchObject({ fits: true, hazards: [expect.stringMatching(words)] });
    expect((await fitUpdate(slots(algorithm), { sizeBytes: 3000 })).hazards).toEqual([]);
  });
});

test.each(['direct-xip', 'ram-load'] as const)('%s: from each slot', async (algorithm) => {
  const layout: FlashLayout = {
    geometry: { sectors: [{ sizeBytes: 1024, count: 12 }], writeUnitBytes: 4, erasedValue: 0xff },
    config: {
      algorithm,
      images: [
        {
          primary: { offsetBytes: 0, sizeBytes: 8192 },
          secondary: { offsetBytes: 8192, sizeBytes: 4096 },
        },
      ],
      maxImgSectors: 8,
    },
  };
  // the smaller slot decides; its trailer's flags take 40 bytes
  expect((await fitUpdate(layout)).largestBytes).toBe(4096 - 40);
  expect((await fitUpdate(layout, { sizeBytes: 4056 })).fits).toBe(true);
  const over = await fitUpdate(layout, { sizeBytes: 4057 });
  expect([over.fits, over.failed]).toEqual([false, 'secondary']);
});
