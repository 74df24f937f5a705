import { ImageFlag, TlvType } from '../../../../src/image/index.ts';
import { application } from '../bench.ts';
import { makeImage, withRecord } from '../images.ts';
import { toy } from '../toy.ts';
import { hearBoot } from './scenario.ts';
import type { Scenario } from './scenario.ts';
import { SECONDARY, idle, pending, permanent, word } from './toys.ts';

// What a boot says of images that it does not take, and of counters.

const refused: readonly Scenario[] = [
  {
    what: 'a secondary image that is damaged',
    says: ['E: Image in the secondary slot is not valid!', 'ends: 1'],
    hear: pending('swap-using-move', {}, (device) => {
      device.flash.program(SECONDARY + 0x40, new Uint8Array(4));
    }),
  },
  {
    what: 'a primary image that is damaged',
    says: [
      'E: Image in the primary slot is not valid!',
      'E: Unable to find bootable image',
      'ends: fail',
    ],
    hear: idle('swap-using-move', {}, ({ flash }) => flash.program(0x40, new Uint8Array(4))),
  },
  {
    what: 'an empty primary slot of a build that does not validate',
    says: [
      'W: Failed reading image headers; Image=0',
      'E: Bad image magic 0xffffffff; Image=0',
      'ends: fail',
    ],
    hear: idle('swap-using-move', { images: [], more: { validatePrimarySlot: false } }),
  },
  {
    what: 'a header that cannot be one',
    says: ['magic, sizes or flags of the header are impossible here', 'ends: 1'],
    hear: pending('swap-using-move', { images: [{}, { flags: ImageFlag.COMPRESSED_LZMA2 }] }),
  },
  {
    what: 'an image that is not to be booted',
    says: ['it is marked NON_BOOTABLE', 'ends: 1'],
    hear: pending('swap-using-move', { images: [{}, { major: 2, nonBootable: true }] }),
  },
  {
    what: 'an image without a load address where images run from RAM',
    says: [
      'it has no load address (imgtool sign --load-addr), and this bootloader runs images from RAM only',
      'ends: fail',
    ],
    hear: idle('ram-load', { images: [{}] }),
  },
  {
    what: 'an image that nothing asks for, with revert',
    says: ['its trailer does not ask for it, so the bootloader erases it', 'ends: fail'],
    hear: idle('direct-xip', { images: [{}], more: { revert: true } }),
  },
  {
    what: 'an image that has run and was not confirmed, with revert',
    says: ['it has run once and was not confirmed, so the bootloader erases it', 'ends: fail'],
    hear: async () => {
      const device = await toy('direct-xip', { images: [{}], more: { revert: true } });
      application(device).setNext('primary0', { confirm: false });
      await hearBoot(device);
      return hearBoot(device);
    },
  },
  {
    what: 'TLVs that are gone',
    says: ['the TLV areas are not where the header says', 'ends: 1'],
    hear: pending('swap-using-move', {}, (device) => {
      device.flash.program(SECONDARY + 532, new Uint8Array(4));
    }),
  },
  {
    what: 'an image that is too large',
    says: ['769 bytes, 1 too many; the largest image here has 768', 'ends: 1'],
    hear: pending('swap-using-move', { images: [{}, { major: 2, payloadBytes: 697 }] }),
  },
  {
    what: 'a running image that leaves no room to swap',
    says: [
      'W: Not enough free space to run swap upgrade',
      'W: required 1280 bytes but only 1024 are available',
      'ends: 1',
    ],
    hear: pending('swap-using-move', {
      images: [{ payloadBytes: 900 }, { major: 2 }],
      more: { validatePrimarySlot: false },
    }),
  },
  {
    what: 'the same with offset',
    says: ['W: Not enough free space to run swap upgrade', 'ends: 1'],
    hear: pending('swap-using-offset', {
      images: [{ payloadBytes: 1040 }, { major: 2 }],
      more: { validatePrimarySlot: false },
    }),
  },
  {
    what: 'an upload into the first sector',
    says: [
      'E: Secondary header magic detected in first sector, wrong upload address?',
      'the image begins in the first sector of the slot, not the second',
      'ends: 1',
    ],
    hear: pending('swap-using-offset', { images: [{}] }, async ({ flash }) => {
      flash.program(SECONDARY, await makeImage({ major: 2 }));
    }),
  },
  ...(['load-address', 'reset-vector'] as const).map((verifyImageAddress): Scenario => ({
    what: `an image that is linked elsewhere, by its ${verifyImageAddress}`,
    says: [
      'E: Binary in secondary slot of image 0 is not designated for the primary slot',
      'E: Erasing image from secondary slot',
      'it is linked for 0x500, the primary slot is 0x0 to 0x500',
      'ends: 1',
    ],
    hear: pending('swap-using-move', {
      images: [{}, { major: 2, loadAddr: 0x500, resetVector: 0x500 }],
      more: { verifyImageAddress },
    }),
  })),
  {
    what: 'an older image, overwrite-only',
    says: [
      'E: Insufficient version in secondary slot',
      'version 1.0.0+0 is lower than 2.0.0+0 in the primary slot',
      'ends: 2',
    ],
    hear: pending('overwrite-only', {
      images: [{ major: 2 }, { major: 1 }],
      more: { downgradePrevention: 'version' },
    }),
  },
  {
    what: 'an older image, swap',
    says: ['I: Image 0 in slot 1 erased due to downgrade prevention', 'ends: 2'],
    hear: pending('swap-using-move', {
      images: [{ major: 2 }, { major: 1 }],
      more: { downgradePrevention: 'version' },
    }),
  },
];

const counted = { hwRollbackProtection: true };
const unprotected = async (major: number): Promise<Uint8Array> =>
  withRecord(await makeImage({ major }), TlvType.SEC_CNT, word(9));

const counters: readonly Scenario[] = [
  ...[
    ['security counter 4', { securityCounter: 4 }] as const,
    ['no security counter', {}] as const,
  ].map(([found, image]): Scenario => ({
    what: `${found} where the running image has 5`,
    says: [`expected at least 5 as in the primary slot, got ${found}`, 'ends: 1'],
    hear: pending('swap-using-scratch', {
      images: [{ securityCounter: 5 }, { major: 2, ...image }],
      more: { downgradePrevention: 'security-counter' },
    }),
  })),
  {
    what: 'no security counter where the hardware has one',
    says: ['it has no security counter', 'ends: 1'],
    hear: pending('swap-using-move', { images: [{ securityCounter: 5 }, {}], more: counted }),
  },
  {
    what: 'a security counter below that of the hardware',
    says: ['E: Image security counter value 3 lower than monotonic value 4', 'ends: 1'],
    hear: pending('swap-using-move', {
      images: [{ securityCounter: 5 }, { major: 2, securityCounter: 3 }],
      more: counted,
      counters: [4],
    }),
  },
  {
    what: 'a counter that only an unprotected record has',
    says: ['E: Security counter update failed after image 0 validation: 3', 'ends: fail'],
    hear: async () => idle('swap-using-move', { images: [await unprotected(1)], more: counted })(),
  },
  {
    what: 'the same in place',
    says: ['E: Security counter update failed after image 0 validation: 3', 'ends: fail'],
    hear: async () => idle('direct-xip', { images: [await unprotected(1)], more: counted })(),
  },
  {
    what: 'the same in an image that was swapped for good, of which copy_done is written all the same',
    says: [
      'E: Security counter update failed after image upgrade: 3',
      'E: panic!',
      'the security counter could not be raised',
      'ends: assert',
      'copy_done set',
    ],
    hear: async () => {
      const images = [{ securityCounter: 5 }, await unprotected(2)];
      const device = await toy('swap-using-move', { images, more: counted });
      application(device).setPending({ permanent: true });
      const words = await hearBoot(device);
      return [...words, `copy_done ${application(device).state('primary0').copyDone}`];
    },
  },
  {
    what: 'the same in an image that was copied',
    says: [
      'E: Security counter update failed after image upgrade: 3',
      'the security counter could not be raised',
      'ends: assert',
    ],
    hear: async () => {
      const images = [{ securityCounter: 5 }, await unprotected(2)];
      return permanent('overwrite-only', { images, more: counted })();
    },
  },
];

/** What boots say of images. */
export const bootScenarios: readonly Scenario[] = [...refused, ...counters];
