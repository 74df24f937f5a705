import {
  ApplicationSide,
  ImageJudge,
  MemoryCounters,
  examineSlot,
  trailerLayout,
} from '../../../../src/boot/mcuboot/index.ts';
import type { Algorithm, BootConfig } from '../../../../src/boot/mcuboot/index.ts';
import { application, flashWith } from '../bench.ts';
import type { Layout } from '../bench.ts';
import { makeImage } from '../images.ts';
import { toy } from '../toy.ts';
import type { ToyOptions } from '../toy.ts';
import { hearBoot, hearError } from './scenario.ts';
import type { Scenario } from './scenario.ts';

// What is said of builds and layouts that do not go together: when they are opened, or at every boot.

/** A pending update in slots of these sectors; nothing comes of it, version 1 runs on. */
async function unequal(
  algorithm: Algorithm,
  slots: readonly [readonly number[], readonly number[]],
  scratchBytes = 256,
): Promise<readonly string[]> {
  const sum = (sizes: readonly number[]): number => sizes.reduce((a, b) => a + b, 0);
  const [first, second] = [sum(slots[0]), sum(slots[1])];
  const sectors = [...slots[0], ...slots[1], scratchBytes].map((sizeBytes) => ({
    sizeBytes,
    count: 1,
  }));
  const config: BootConfig = {
    algorithm,
    images: [
      {
        primary: { offsetBytes: 0, sizeBytes: first },
        secondary: { offsetBytes: first, sizeBytes: second },
      },
    ],
    scratch: { offsetBytes: first + second, sizeBytes: scratchBytes },
    maxImgSectors: 7,
  };
  const layout: Layout = { config, geometry: { sectors, writeUnitBytes: 4, erasedValue: 0xff } };
  const flash = flashWith(layout, [await makeImage(), await makeImage({ major: 2 })]);
  new ApplicationSide(flash, config).setPending();
  return hearBoot({ flash, config, judge: new ImageJudge({ signature: 'none' }) });
}

async function pendingToy(algorithm: Algorithm, options: ToyOptions): Promise<readonly string[]> {
  const device = await toy(algorithm, options);
  application(device).setPending();
  return hearBoot(device);
}

const opening =
  (options: ToyOptions, algorithm: Algorithm = 'swap-using-move') =>
  () =>
    hearError(async () => application(await toy(algorithm, options)).swapType());

const small = [256, 256, 256, 256, 256];

/** What is said of builds and layouts. */
export const buildScenarios: readonly Scenario[] = [
  ...(['swap-using-move', 'swap-using-offset'] as const).flatMap((algorithm): Scenario[] => [
    {
      what: `${algorithm}: slots of different numbers of sectors`,
      says: ['W: Cannot upgrade: not a compatible amount of sectors', 'ends: 1'],
      hear: () => unequal(algorithm, [small, Array<number>(7).fill(256)]),
    },
    {
      what: `${algorithm}: sectors of different sizes`,
      says: ['W: Cannot upgrade: not same sector layout', 'ends: 1'],
      hear: () => unequal(algorithm, [small, [512, 256, 256, 256, 256]]),
    },
  ]),
  ...(['swap-using-scratch', 'overwrite-only'] as const).flatMap((algorithm): Scenario[] => [
    {
      what: `${algorithm}: slots of different sizes`,
      says: ['W: Cannot upgrade: slots are not compatible', 'ends: 1'],
      hear: () => unequal(algorithm, [small, [256, 256, 256, 256]]),
    },
    {
      what: `${algorithm}: sectors that do not tile each other`,
      says: ['W: Cannot upgrade: slots have non-compatible sectors', 'ends: 1'],
      hear: () =>
        unequal(
          algorithm,
          [
            [512, 256, 512, 256],
            [256, 512, 512, 256],
          ],
          1024,
        ),
    },
  ]),
  {
    what: 'a tile that is larger than scratch',
    says: ['W: Cannot upgrade: not all sectors fit inside scratch', 'ends: 1'],
    hear: () =>
      unequal('swap-using-scratch', [
        [512, 512, 512],
        [512, 512, 512],
      ]),
  },
  {
    what: 'a primary slot of more sectors than the build knows',
    says: [
      'W: Failed reading sectors; BOOT_MAX_IMG_SECTORS=4 - too small?',
      'E: Image in the primary slot is not valid!',
      'ends: fail',
    ],
    hear: () => pendingToy('swap-using-move', { more: { maxImgSectors: 4 } }),
  },
  {
    what: 'a secondary slot of more sectors than the build knows',
    says: [
      'W: Failed reading sectors; BOOT_MAX_IMG_SECTORS=5 - too small?',
      'W: Cannot upgrade: not a compatible amount of sectors',
      'ends: 1',
    ],
    hear: () =>
      pendingToy('swap-using-offset', { secondarySectors: 6, more: { maxImgSectors: 5 } }),
  },
  {
    what: 'logical sectors that the flash cannot make up',
    says: [
      'W: Cannot upgrade: primary0: the flash has no sectors that make up whole ones of 512 bytes',
      'ends: 1',
    ],
    hear: () => pendingToy('swap-using-move', { more: { logicalSectorBytes: 512 } }),
  },
  {
    what: 'logical sectors of a size that cannot be',
    says: ['logical sector size: expected a power of two, got 3000'],
    hear: opening({ more: { logicalSectorBytes: 3000 }, images: [] }),
  },
  {
    what: 'an area that cuts a sector',
    says: ['area primary0 (0x10, 1280 bytes) must consist of whole sectors'],
    hear: opening({
      more: {
        images: [
          {
            primary: { offsetBytes: 0x10, sizeBytes: 0x500 },
            secondary: { offsetBytes: 0x500, sizeBytes: 0x500 },
          },
        ],
      },
      images: [],
    }),
  },
  {
    what: 'a build without slots',
    says: ['expected at least one pair of slots, got none'],
    hear: opening({ more: { images: [] }, images: [] }),
  },
  {
    what: 'a build without sectors',
    says: ['maximum sectors: expected 1 or more, got 0'],
    hear: opening({ more: { maxImgSectors: 0 } }),
  },
  {
    what: 'a build that copies nothing at once',
    says: ['copied at once: expected 1 byte or more, got 0'],
    hear: opening({ more: { copyChunkBytes: 0 } }),
  },
  {
    what: 'a write unit that is larger than the alignment',
    says: ['area primary0: maximum alignment: expected at least the write unit of 16, got 8'],
    hear: opening({ writeUnitBytes: 16 }),
  },
  {
    what: 'a trailer that is larger than its slot',
    says: [
      '12448 bytes of trailer do not fit into an area of 8192 bytes; use fewer maximum sectors',
    ],
    hear: () =>
      hearError(() => {
        const shape = { algorithm: 'swap-using-move', maxAlign: 32, maxImgSectors: 128 } as const;
        trailerLayout(shape, { sizeBytes: 8192, writeUnitBytes: 32 });
      }),
  },
  {
    what: 'an area that the build does not have',
    says: ['this build has no area secondary3, only primary0, secondary0'],
    hear: () =>
      hearError(async () => application(await toy('swap-using-move')).eraseImageBank('secondary3')),
  },
  {
    what: 'an image pair that the build does not have',
    says: ['image pair: expected 0 to 0, got 3'],
    hear: () =>
      hearError(async () => examineSlot(await toy('swap-using-move'), { image: 3, slot: 0 })),
  },
  {
    what: 'a counter that no hardware keeps',
    says: ['security counter: expected 32 bits, got 4294967296'],
    hear: () => hearError(() => new MemoryCounters().update(0, 2 ** 32)),
  },
];
