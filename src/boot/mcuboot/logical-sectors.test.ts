import { describe, expect, test } from 'vitest';
import {
  application,
  bootOnce,
  flashWith,
  primaryBytes,
  ran,
} from '../../../test/support/mcuboot/bench.ts';
import type { Device } from '../../../test/support/mcuboot/bench.ts';
import { makeImage } from '../../../test/support/mcuboot/images.ts';
import { toy } from '../../../test/support/mcuboot/toy.ts';
import { buildOf } from './config.ts';
import type { Algorithm } from './trailer-layout.ts';
import { boot } from './boot.ts';
import { largestImageBytes } from './inspect.ts';

// MCUBOOT_LOGICAL_SECTOR_SIZE: a swap goes by sectors that are several of the flash's own.

const algorithms: readonly Algorithm[] = [
  'swap-using-move',
  'swap-using-offset',
  'swap-using-scratch',
  'overwrite-only',
];

const grouped = {
  sectorBytes: 64,
  primarySectors: 20,
  scratchSectors: 4,
  more: { logicalSectorBytes: 256, maxImgSectors: 5 },
};
const whole = { sectorBytes: 256, primarySectors: 5, more: { maxImgSectors: 5 } };

/**
 * One boot of an update: what it left, and what it did to flash, where a sector is erased in pieces.
 * Those of a trailer go from the last one down, others up: here each sector's are in one order.
 */
async function updateOf(device: Device, pieces: number): Promise<unknown> {
  const done: string[] = [];
  application(device).setPending();
  const inOrder = (): string[] => {
    const last = done.findLastIndex((line) => !line.startsWith('erase'));
    return [...done.slice(0, last + 1), ...done.slice(last + 1).toSorted()];
  };
  const result = await boot({
    ...device,
    onOperation({ kind, area, offsetBytes, lengthBytes }) {
      for (let n = 0; n < (kind === 'erase' ? pieces : 1); n += 1) {
        const size = kind === 'erase' ? lengthBytes / pieces : lengthBytes;
        done.push(`${kind} ${area} ${String(offsetBytes + n * size).padStart(5)} ${size}`);
      }
      done.splice(0, done.length, ...inOrder());
    },
  });
  return { ran: ran(result), log: result.log, done, left: device.flash.read(0, 2560) };
}

describe.each(algorithms)('%s', (algorithm) => {
  test('does as with sectors of that size, and erases each piece of one', async () => {
    const logical = await toy(algorithm, grouped);
    const plain = await toy(algorithm, whole);
    expect(largestImageBytes(logical.flash, logical.config)).toBe(
      largestImageBytes(plain.flash, plain.config),
    );
    expect(await updateOf(logical, 1)).toEqual(await updateOf(plain, 4));
  });

  test('departure mcuboot/logical-sectors-in-a-line: swaps nothing where they do not fit', async () => {
    const device = await toy(algorithm, { ...grouped, more: { logicalSectorBytes: 512 } });
    application(device).setPending();
    const result = await bootOnce(device);
    expect([ran(result), result.swapTypes]).toEqual([1, ['none']]);
    expect(result.log).toContain(
      'W: Cannot upgrade: primary0: the flash has no sectors that make up whole ones of 512 bytes',
    );
    expect(application(device).swapType()).toBe('test');
  });
});

test('sectors of several sizes make up logical ones of one, where move refuses them else', async () => {
  const config = {
    algorithm: 'swap-using-move' as const,
    images: [
      {
        primary: { offsetBytes: 0, sizeBytes: 1280 },
        secondary: { offsetBytes: 1280, sizeBytes: 1280 },
      },
    ],
  };
  const geometry = {
    sectors: [
      { sizeBytes: 64, count: 8 },
      { sizeBytes: 128, count: 4 },
      { sizeBytes: 256, count: 6 },
    ],
    writeUnitBytes: 4,
    erasedValue: 0xff as const,
  };
  const images = [await makeImage({ major: 1 }), await makeImage({ major: 2 })];
  const { judge } = await toy('swap-using-move');
  for (const [logicalSectorBytes, runs] of [
    [256, 2],
    [undefined, 1],
  ] as const) {
    const maxImgSectors = logicalSectorBytes === undefined ? 14 : 5;
    const layout = { geometry, config: { ...config, logicalSectorBytes, maxImgSectors } };
    const device = { flash: flashWith(layout, images), config: layout.config, judge };
    application(device).setPending();
    expect(ran(await bootOnce(device))).toBe(runs);
    const now = images[runs - 1] ?? new Uint8Array();
    expect(primaryBytes(device, now.length)).toEqual(now);
  }
});

test.each([3000, 0.5, -256, Number.NaN])('sectors of %d bytes cannot be', (logicalSectorBytes) => {
  const images = [
    {
      primary: { offsetBytes: 0, sizeBytes: 1280 },
      secondary: { offsetBytes: 1280, sizeBytes: 1280 },
    },
  ];
  expect(() => buildOf({ algorithm: 'overwrite-only', images, logicalSectorBytes })).toThrow(
    'logical sector size: expected a power of two, got',
  );
});
