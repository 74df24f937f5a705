import { asDecryptionKey, generateKey } from '../../../../src/image/index.ts';
import { application, bootAndCut, bootOnce } from '../bench.ts';
import { version } from '../images.ts';
import { toy } from '../toy.ts';
import { hearBoot, hearError } from './scenario.ts';
import type { Scenario } from './scenario.ts';
import { PRIMARY_END, SECONDARY, cutAndPoke, pending, swapInfo, swapSize, word } from './toys.ts';

// What a boot says of trailers that make no sense, of keys, and of what a guarded build refuses.

const statuses: readonly Scenario[] = [
  {
    what: 'a swap type that does not exist',
    says: ['E: panic!', 'the trailer asks for a swap type that does not exist', 'ends: assert'],
    hear: pending('swap-using-move', {}, cutAndPoke(6, swapInfo, Uint8Array.of(7))),
  },
  {
    what: 'a swap size that 32 bits never reach',
    says: ['swap_size 0xffffffff is never reached in 32 bits', 'ends: hang'],
    hear: pending('swap-using-move', {}, cutAndPoke(10, swapSize, word(0xffff_ffff))),
  },
  {
    what: 'a swap size beyond the slot',
    says: ['area primary0 ends at 0x500, access from 0x1300 to 0x1400', 'ends: assert'],
    hear: pending('swap-using-move', {}, cutAndPoke(10, swapSize, word(0x1400))),
  },
  {
    what: 'a swap size beyond the slots, scratch',
    says: ['swap_size 0x1400 exceeds the slots; MCUboot reads past its sector list', 'ends: fault'],
    hear: pending('swap-using-scratch', {}, cutAndPoke(16, swapSize, word(0x1400))),
  },
  {
    what: 'a swap size beyond the slots, offset, which notes sectors that are not there',
    says: ['status write fails performing the swap', 'ends: 2'],
    hear: pending('swap-using-offset', {}, cutAndPoke(12, swapSize - 8, word(0x4000))),
  },
  ...[true, false].map((validatePrimarySlot): Scenario => ({
    what: `a gap in the status, primary slot validated: ${validatePrimarySlot}`,
    says: validatePrimarySlot
      ? ['E: Detected inconsistent status!']
      : ['E: Detected inconsistent status!', 'inconsistent swap status', 'ends: assert'],
    hear: pending(
      'swap-using-scratch',
      { more: { validatePrimarySlot } },
      cutAndPoke(30, PRIMARY_END - 108 + 4, word(0xffff_ffff)),
    ),
  })),
  {
    what: 'the size of the running image',
    says: ['the size of the image in slot 0 cannot be read', 'ends: assert'],
    hear: pending('swap-using-move', {}, ({ flash }) => flash.program(632, new Uint8Array(4))),
  },
  {
    what: 'a revert to an image that is gone',
    says: ['I: Cleared image 0 primary slot trailer due to stuck revert', 'ends: 2'],
    hear: pending('swap-using-move', {}, async (device) => {
      await bootOnce(device);
      device.flash.erase(SECONDARY, SECONDARY);
    }),
  },
];

const [own, foreign] = [
  asDecryptionKey(await generateKey('x25519')),
  asDecryptionKey(await generateKey('x25519')),
];
const encrypting = {
  more: { encryption: { keyBytes: 16 } },
  judge: { decryptionKeys: [own] },
} as const;

const encrypted: readonly Scenario[] = [
  {
    what: 'an image that is encrypted for somebody else',
    says: [
      'its key cannot be unwrapped',
      'E: Image in the secondary slot is not valid!',
      'ends: 1',
    ],
    hear: pending('swap-using-move', {
      ...encrypting,
      images: [{}, { major: 2, encryption: { key: foreign } }],
    }),
  },
  {
    what: 'a running image whose key is for somebody else',
    says: ['image 0 slot 0 has no key that can be unwrapped', 'ends: assert'],
    hear: pending('swap-using-move', {
      ...encrypting,
      images: [{ encryption: { key: foreign, clear: true }, payloadBytes: 400 }, { major: 2 }],
    }),
  },
  {
    what: 'a cut swap of images that are not encrypted',
    says: ['E: boot_read_enc_key: No key, read all 0xFF', 'ends: 2'],
    hear: pending('swap-using-move', encrypting, async (device) => bootAndCut(device, 16)),
  },
];

const needs = (imageId: number) => ({ dependencies: [{ imageId, minVersion: version(5) }] });
const guarded = { guarded: true };

const guards: readonly Scenario[] = [
  {
    what: 'guarded: a status out of bounds',
    says: [
      'W: Refused: image 0: a swap of 0x1400 bytes was never begun here; its status is ignored',
      'ends: fail',
    ],
    hear: pending('swap-using-scratch', { more: guarded }, cutAndPoke(16, swapSize, word(0x1400))),
  },
  {
    what: 'guarded: an empty primary slot',
    says: ['an update is pending, but swap-using-move cannot swap into an empty primary slot'],
    hear: async () => {
      const images = [undefined, { major: 2 }];
      const device = await toy('swap-using-move', { images });
      application(device).setPending();
      return hearBoot({ ...device, config: { ...device.config, guarded: true } });
    },
  },
  {
    what: 'guarded: an upload while an image is on trial',
    says: ['the running image was never confirmed; confirm it before the next update', 'ends: 2'],
    hear: pending('swap-using-move', {}, async (device) => {
      await bootOnce(device);
      application(device).setPending();
      return { ...device, config: { ...device.config, guarded: true } };
    }),
  },
  {
    what: 'guarded: a revert to an image that is gone',
    says: ['a revert is due, but the old image is gone; the running one stays', 'ends: 2'],
    hear: pending('swap-using-move', { more: guarded }, async (device) => {
      await bootOnce(device);
      device.flash.erase(SECONDARY, SECONDARY);
    }),
  },
  {
    what: 'guarded: a revert to an image that is damaged',
    says: ['a revert is due, but the old image is damaged (', '); it is not erased', 'ends: 2'],
    hear: pending('swap-using-move', { more: guarded }, async (device) => {
      await bootOnce(device);
      device.flash.program(SECONDARY + 0x40, new Uint8Array(4));
    }),
  },
  ...[
    ['it needs image 1 at 5.0.0+0 or later', 1] as const,
    ['its dependencies cannot be read', 7] as const,
  ].map(([reason, imageId]): Scenario => ({
    what: `guarded: ${reason}`,
    says: [`${reason}; no image is updated, and the requests stay`, 'ends: 1'],
    hear: pending('swap-using-move', {
      pairs: 2,
      images: [{}, { major: 2, ...needs(imageId) }, { major: 4 }],
      more: guarded,
    }),
  })),
  {
    what: 'guarded: the application asks for an update while an image is on trial',
    says: ['image 0: the running image was never confirmed; confirm it before the next update'],
    hear: async () => {
      const device = await toy('swap-using-move', { more: guarded });
      application(device).setPending();
      await bootOnce(device);
      return hearError(() => application(device).setPending());
    },
  },
  {
    what: 'guarded: the application asks for an update into an empty slot',
    says: ['image 0: swap-using-move cannot swap into an empty primary slot'],
    hear: async () => {
      const device = await toy('swap-using-move', { images: [], more: guarded });
      return hearError(() => application(device).setPending());
    },
  },
];

/** What boots say of trailers, keys and hazards. */
export const trailerScenarios: readonly Scenario[] = [...statuses, ...encrypted, ...guards];
