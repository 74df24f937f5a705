import { ArrivingImage, examineArrived } from '../../../../src/boot/mcuboot/index.ts';
import type { Algorithm, BootConfig } from '../../../../src/boot/mcuboot/index.ts';
import { ImageFlag } from '../../../../src/image/index.ts';
import { makeImage, version } from '../images.ts';
import type { MadeImage } from '../images.ts';
import { toy } from '../toy.ts';
import type { ToyOptions } from '../toy.ts';
import type { Scenario } from './scenario.ts';

// What is said of an image while it arrives in a slot, and once it is there.

const place = { image: 0, slot: 1 } as const;

interface Arrival {
  readonly algorithm?: Algorithm;
  readonly more?: Partial<BootConfig>;
  readonly image?: MadeImage;
  /** Numbers of two and four bytes to overwrite in the image. */
  readonly u16?: readonly (readonly [number, number])[];
  readonly u32?: readonly (readonly [number, number])[];
  /** Only so many bytes of it come. */
  readonly bytes?: number;
}

async function arrive(arrival: Arrival): Promise<readonly string[]> {
  const { algorithm = 'swap-using-move', more, u16 = [], u32 = [] } = arrival;
  const { flash, config } = await toy(algorithm, { more });
  const image = await makeImage({ major: 2, resetVector: 0x60, ...arrival.image });
  const view = new DataView(image.buffer);
  for (const [at, value] of u16) view.setUint16(at, value, true);
  for (const [at, value] of u32) view.setUint32(at, value, true);
  const arriving = new ArrivingImage({ flash, config, place });
  const bytes = image.subarray(0, arrival.bytes ?? image.length);
  const refusal = arriving.take(bytes);
  return [refusal?.reason ?? arriving.missing(bytes.length) ?? 'whole'];
}

async function arrived(algorithm: Algorithm, options: ToyOptions): Promise<readonly string[]> {
  const device = await toy(algorithm, options);
  return [(await examineArrived(device, place))?.reason ?? 'would be taken'];
}

const says = (what: string, words: string, arrival: Arrival): Scenario => ({
  what: `an image arrives: ${what}`,
  says: [words],
  hear: () => arrive(arrival),
});

const stands = (what: string, words: string, options: ToyOptions): Scenario => ({
  what: `an image has arrived: ${what}`,
  says: [words],
  hear: () => arrived('swap-using-move', options),
});

const encryptedBoth = ImageFlag.ENCRYPTED_AES128 | ImageFlag.ENCRYPTED_AES256;
/** Where the TLV areas of an image of 600 bytes begin. */
const TLVS = 632;

/** What is said of images that arrive. */
export const arrivalScenarios: readonly Scenario[] = [
  says('whole', 'whole', {}),
  says('cut short in its header', 'the image is cut short: expected at least 32 bytes, got 31', {
    bytes: 31,
  }),
  says('cut short at its end', 'the image is cut short: expected 672 bytes, got 671', {
    bytes: 671,
  }),
  says('not one', 'expected an MCUboot image, which begins with 3db8f396, got 00000000', {
    u32: [[0, 0]],
  }),
  says('too short a header', 'size of the header: expected at least 32, got 31', {
    u16: [[8, 31]],
  }),
  says(
    'too short a protected area',
    'size of the protected TLVs: expected 0, or at least 4, got 3',
    { u16: [[10, 3]] },
  ),
  says('too long', 'expected an image of at most 768 bytes, got 1036: 268 too many', {
    image: { payloadBytes: 1000 },
  }),
  says('one byte too long with its TLVs', 'at most 768 bytes, got 769: 1 too many', {
    image: { payloadBytes: 697 },
  }),
  says('not bootable', 'flags 0x10: the image says that it is not to be booted', {
    image: { nonBootable: true },
  }),
  says('both keys', 'expected AES-128 or AES-256, got both', { u32: [[16, encryptedBoth]] }),
  says('encrypted', 'encrypted, but this bootloader decrypts nothing', { u32: [[16, 4]] }),
  says('compressed', 'compressed, but this bootloader expands nothing', { u32: [[16, 0x200]] }),
  says('for another slot', 'built for 0x400, but the secondary slot is at 0x500', {
    algorithm: 'direct-xip',
    image: { romFixed: 0x400 },
  }),
  says('older', 'expected version 1.0.0+0 or later, got 0.0.0+0', {
    more: { downgradePrevention: 'version' },
    image: { major: 0 },
  }),
  says(
    'its vector elsewhere',
    'the image runs from the primary slot, 0x20 to 0x278, but its reset vector is 0x8000060',
    { image: { resetVector: 0x800_0060 } },
  ),
  says(
    'another size of its protected area',
    'protected TLVs at 0x278: expected 16 bytes as in the header, got 12',
    { image: { securityCounter: 1 }, u16: [[10, 16]] },
  ),
  says('no TLVs', 'TLVs at 0x278: expected 0x6907, got 0x0000', { u16: [[TLVS, 0]] }),
  says('TLVs of no length', 'TLVs at 0x278: expected at least 4 bytes, got 3', {
    u16: [[TLVS + 2, 3]],
  }),
  stands('a good one', 'would be taken', {}),
  stands('none', 'there is no image in the slot', { images: [{}] }),
  stands('one that is not to be booted', 'the image says that it is not to be booted', {
    images: [{}, { nonBootable: true }],
  }),
  stands(
    'one that depends on nobody',
    'it depends on an image that this bootloader does not know',
    {
      images: [{}, { dependencies: [{ imageId: 7, minVersion: version(1) }] }],
    },
  ),
  stands('one that depends on more', 'it needs image 0 at 3.0.0+0 or later', {
    images: [{}, { major: 2, dependencies: [{ imageId: 0, minVersion: version(3) }] }],
  }),
  stands('an older one', 'version 1.0.0+0 is lower than 2.0.0+0 in the primary slot', {
    images: [{ major: 2 }, { major: 1 }],
    more: { downgradePrevention: 'version' },
  }),
  {
    what: 'an image has arrived: with bytes behind it',
    says: ['what follows the image reaches into the trailer at the end of the slot'],
    hear: async () => {
      const device = await toy('swap-using-move');
      device.flash.program(0xa00 - 16, new Uint8Array(16));
      return [(await examineArrived(device, place))?.reason ?? ''];
    },
  },
];
