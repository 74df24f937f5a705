import type { Algorithm } from '../../../../src/boot/mcuboot/index.ts';
import { application, bootAndCut } from '../bench.ts';
import type { Device } from '../bench.ts';
import { broken, statusDefect, stepsOf } from '../failing.ts';
import type { Defect } from '../failing.ts';
import { toy } from '../toy.ts';
import type { Toy, ToyOptions } from '../toy.ts';
import { hearBoot } from './scenario.ts';
import type { Scenario } from './scenario.ts';

// What updates say that go well, what slots say that images run in, and what failing flash brings.

function update(algorithm: Algorithm, options: ToyOptions = {}, from = 1) {
  return async (): Promise<readonly string[]> => {
    const device = await toy(algorithm, options);
    application(device).setPending();
    let words: readonly string[] = [];
    for (let boots = 0; boots < from; boots += 1) words = await hearBoot(device);
    return words;
  };
}

function inPlace(algorithm: 'direct-xip' | 'ram-load', options: ToyOptions) {
  return async (): Promise<readonly string[]> => hearBoot(await toy(algorithm, options));
}

/** Where image_ok and copy_done are in a toy's primary slot. */
const flag = (name: 'imageOk' | 'copyDone', { config }: Device): Defect => {
  const end = config.images[0]?.primary.sizeBytes ?? 0;
  return { kind: 'write', offsetBytes: end - (name === 'imageOk' ? 24 : 32), lengthBytes: 8 };
};

function failing(options: ToyOptions, defects: (device: Toy) => readonly Defect[]) {
  return async (): Promise<readonly string[]> => {
    const device = await toy('swap-using-move', options);
    application(device).setPending();
    return hearBoot(broken(device, defects(device), 'for ever'));
  };
}

const at = (loadAddr: number, major = 1) => ({ loadAddr, major });

/** What is said where all goes well, where images run in place, and where flash fails. */
export const updateScenarios: readonly Scenario[] = [
  ...(['move', 'offset', 'scratch'] as const).map((name): Scenario => ({
    what: `a revert, swap using ${name}`,
    says: [
      'I: Starting bootloader',
      'I: Boot source: none',
      'I: Image index: 0, Swap type: revert',
      `I: Starting swap using ${name} algorithm.`,
      'I: Bootloader chainload address offset: 0x0',
      'I: Image version: v1.0.0',
      'I: Jumping to the first image slot',
      'ends: 1',
    ],
    hear: update(`swap-using-${name}`, {}, 2),
  })),
  {
    what: 'a swap that is gone on with',
    says: ['I: Boot source: primary slot', 'ends: 2'],
    hear: async () => {
      const device = await toy('swap-using-move');
      application(device).setPending();
      await bootAndCut(device, 12);
      return hearBoot(device);
    },
  },
  {
    what: 'an overwrite',
    says: [
      'I: Image 0 upgrade secondary slot -> primary slot',
      'I: Erasing the primary slot',
      'I: Image 0 copying the secondary slot to the primary slot: 0x500 bytes',
      'ends: 2',
    ],
    hear: update('overwrite-only'),
  },
  {
    what: 'nothing to run in place',
    says: [
      'I: Starting Direct-XIP bootloader',
      'I: Image 0 primary slot: image not found',
      'I: No slot to load for image 0',
      'E: Unable to find bootable image',
      'ends: fail',
    ],
    hear: inPlace('direct-xip', { images: [] }),
  },
  {
    what: 'an image for another place',
    says: [
      'I: Primary   slot: version=1.0.0',
      'W: Image in secondary slot at 0x500 has been built for offset 0x400, skipping',
      'I: Image 0 loaded from the primary slot',
      'ends: 1',
    ],
    hear: inPlace('direct-xip', { images: [{}, { major: 2, romFixed: 0x400 }] }),
  },
  {
    what: 'an image for RAM that is not there',
    says: [
      'I: Image 0 RAM load address 0x10000000 is invalid.',
      'I: Removing image 0 slot 1 from flash',
      'I: Image 0 RAM loading to 0x20000000 is succeeded.',
      'ends: 1',
    ],
    hear: inPlace('ram-load', { images: [at(0x2000_0000), at(0x1000_0000, 2)] }),
  },
  {
    what: 'two images for the same RAM',
    says: [
      'I: Image 1 RAM loading to address 0x20000000 would overlap with another image.',
      'ends: fail',
    ],
    hear: inPlace('ram-load', {
      pairs: 2,
      images: [at(0x2000_0000), undefined, at(0x2000_0000), undefined],
    }),
  },
  {
    what: 'a bad image in RAM',
    says: ['I: Removing image 0 from SRAM at address 0x20000000', 'ends: fail'],
    hear: inPlace('ram-load', { images: [at(0x2000_0000)], judge: { signature: 'ed25519' } }),
  },
  {
    what: 'copy_done of an image in place that cannot be written',
    says: ['W: Failed to set copy_done flag of the image in the primary slot.', 'ends: 1'],
    hear: async () => {
      const device = await toy('direct-xip', { images: [{}], more: { revert: true } });
      application(device).setNext('primary0', {});
      return hearBoot(broken(device, [flag('copyDone', device)], 'for ever'));
    },
  },
  {
    what: 'a status that cannot be written',
    says: ['W: 9 status write fails performing the swap', 'ends: 2'],
    hear: failing({}, (device) => [statusDefect(device, 'primary0')]),
  },
  {
    what: 'a status that must be written',
    says: ['a status entry cannot be written', 'ends: assert'],
    hear: failing({ more: { validatePrimarySlot: false } }, (device) => [
      statusDefect(device, 'primary0'),
    ]),
  },
  {
    what: 'flags of a finished swap that cannot be written',
    says: ['E: panic!', 'the flags of a finished swap cannot be written', 'ends: assert'],
    hear: async () => {
      const device = await toy('swap-using-move');
      application(device).setPending();
      await bootAndCut(device, (await stepsOf(device)).length - 1);
      return hearBoot(broken(device, [flag('copyDone', device)], 'for ever'));
    },
  },
  {
    what: 'image_ok where the new image turned out bad',
    says: ['E: panic!', 'image_ok of the primary slot cannot be written', 'ends: assert'],
    hear: async () => {
      const device = await toy('swap-using-move');
      application(device).setPending();
      // the type of the swap is in the primary trailer, and nothing has moved
      await bootAndCut(device, 6);
      device.flash.program(5 * 256 + 0x40, new Uint8Array(4));
      return hearBoot(broken(device, [flag('imageOk', device)], 'for ever'));
    },
  },
];
