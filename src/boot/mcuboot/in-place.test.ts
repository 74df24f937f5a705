import { describe, expect, test } from 'vitest';
import { application, bootOnce, ran } from '../../../test/support/mcuboot/bench.ts';
import { version } from '../../../test/support/mcuboot/images.ts';
import { toy } from '../../../test/support/mcuboot/toy.ts';
import type { Toy } from '../../../test/support/mcuboot/toy.ts';
import { asDecryptionKey, generateKey } from '../../image/index.ts';
import type { BootResult } from './boot.ts';

// Direct-xip and ram-load: no image moves; the slot with the highest version runs, if it may.

const wrapKey = asDecryptionKey(await generateKey('x25519'));
const SECONDARY = 0x500;

function running({ image }: BootResult): readonly [number, number] | undefined {
  return image === undefined ? undefined : [image.slot, image.header.version.major];
}

/** Whether a slot of the toy has nothing in it any more. */
function isErased({ flash }: Toy, slot: number): boolean {
  return flash.read(slot * SECONDARY, SECONDARY).every((byte) => byte === 0xff);
}

/** Damages the payload of an image. */
function damage({ flash }: Toy, slot: number): void {
  flash.program(slot * SECONDARY + 0x40, new Uint8Array(4));
}

describe.each(['direct-xip', 'ram-load'] as const)('%s', (algorithm) => {
  const image = (major: number, more: object = {}) => ({
    major,
    ...(algorithm === 'ram-load' ? { loadAddr: 0x2000_0000 } : {}),
    ...more,
  });

  test.each([
    ['the higher version', [2, 1], [0, 2]],
    ['the higher version in the secondary slot', [1, 2], [1, 2]],
    ['the primary slot where both are equal', [3, 3], [0, 3]],
    ['the only image', [undefined, 2], [1, 2]],
  ] as const)('runs %s', async (_, majors, expected) => {
    const images = majors.map((major) => (major === undefined ? undefined : image(major)));
    const result = await bootOnce(await toy(algorithm, { images }));
    expect(running(result)).toEqual(expected);
    const name = expected[0] === 0 ? 'primary' : 'secondary';
    expect(result.log).toContain(`I: Image 0 loaded from the ${name} slot`);
  });

  test('has nothing to run in an empty device', async () => {
    const result = await bootOnce(await toy(algorithm, { images: [] }));
    expect(ran(result)).toBe('fail');
    expect(result.log.slice(-2)).toEqual([
      'I: No slot to load for image 0',
      'E: Unable to find bootable image',
    ]);
  });

  test.each([0, 1])('erases a bad image in slot %i, and runs the other one', async (slot) => {
    const device = await toy(algorithm, {
      images: [image(slot === 0 ? 2 : 1), image(slot === 0 ? 1 : 2)],
    });
    damage(device, slot);
    const result = await bootOnce(device);
    expect(running(result)).toEqual([1 - slot, 1]);
    const name = slot === 0 ? 'primary' : 'secondary';
    expect(result.log).toContain(`E: Image in the ${name} slot is not valid!`);
    expect([isErased(device, slot), isErased(device, 1 - slot)]).toEqual([true, false]);
  });

  test('with revert runs an image once, and erases it if it was not confirmed', async () => {
    const device = await toy(algorithm, { images: [image(1), image(2)], more: { revert: true } });
    const side = application(device);
    side.setNext('primary0', { confirm: true });
    side.setNext('secondary0', {});
    expect(running(await bootOnce(device))).toEqual([1, 2]);
    expect(side.state('secondary0').copyDone).toBe('set');
    expect(running(await bootOnce(device))).toEqual([0, 1]);
    expect([isErased(device, 0), isErased(device, 1)]).toEqual([false, true]);
  });

  test('with revert keeps an image that was confirmed, and erases one nobody asked for', async () => {
    const device = await toy(algorithm, { images: [image(1), image(2)], more: { revert: true } });
    const side = application(device);
    side.setNext('secondary0', {});
    await bootOnce(device);
    side.setNext('secondary0', { active: true });
    expect(running(await bootOnce(device))).toEqual([1, 2]);
    const other = await toy(algorithm, { images: [image(3), image(2)], more: { revert: true } });
    application(other).setNext('secondary0', {});
    expect(running(await bootOnce(other))).toEqual([1, 2]);
    expect(isErased(other, 0)).toBe(true);
  });

  test('compares build numbers only if it was built to', async () => {
    const images = [image(1, { build: 4 }), image(1, { build: 9 })];
    const slotOf = async (compareBuildNumber: boolean): Promise<number | undefined> =>
      (await bootOnce(await toy(algorithm, { images, more: { compareBuildNumber } }))).image?.slot;
    expect([await slotOf(false), await slotOf(true)]).toEqual([0, 1]);
  });

  test('raises the hardware counter to that of what runs', async () => {
    const images = [image(1, { securityCounter: 7 }), image(2)];
    const more = { hwRollbackProtection: true };
    const device = await toy(algorithm, { images, more, counters: [3] });
    expect(running(await bootOnce(device))).toEqual([0, 1]);
    expect(device.counters.read(0)).toBe(7);
  });

  test('falls back to the slot whose dependencies are met', async () => {
    const needs = [{ imageId: 1, minVersion: version(5) }];
    const apart = algorithm === 'ram-load' ? { loadAddr: 0x2000_1000 } : {};
    const images = [image(1), image(2, { dependencies: needs }), image(4, apart), undefined];
    const result = await bootOnce(await toy(algorithm, { images, pairs: 2 }));
    expect(running(result)).toEqual([0, 1]);
    expect(result.log).toContain('I: Image 1 loaded from the primary slot');
  });

  test('runs nothing if no slot has what an image depends on', async () => {
    const needs = [{ imageId: 1, minVersion: version(5) }];
    const apart = algorithm === 'ram-load' ? { loadAddr: 0x2000_1000 } : {};
    const images = [image(2, { dependencies: needs }), undefined, image(4, apart), undefined];
    const device = await toy(algorithm, { images, pairs: 2 });
    expect(ran(await bootOnce(device))).toBe('fail');
    expect(isErased(device, 0)).toBe(false);
  });
});

describe('direct-xip', () => {
  test('skips an image that was linked for the other slot, and leaves it alone', async () => {
    const images = [
      { major: 1, romFixed: 0 },
      { major: 2, romFixed: 0x400 },
    ];
    const device = await toy('direct-xip', { images });
    const result = await bootOnce(device);
    expect(running(result)).toEqual([0, 1]);
    expect(result.log).toContain(
      'W: Image in secondary slot at 0x500 has been built for offset 0x400, skipping',
    );
    expect(isErased(device, 1)).toBe(false);
  });

  test('runs one that was linked for its slot', async () => {
    const images = [{ major: 1 }, { major: 2, romFixed: SECONDARY }];
    const result = await bootOnce(await toy('direct-xip', { images }));
    expect([running(result), result.image?.offsetBytes]).toEqual([[1, 2], SECONDARY]);
    expect(result.log.slice(-3)).toEqual([
      'I: Bootloader chainload address offset: 0x500',
      'I: Image version: v2.0.0',
      'I: Jumping to the image slot',
    ]);
  });

  test('takes no encrypted image', async () => {
    const images = [{ major: 1 }, { major: 2, encryption: { key: wrapKey } }];
    const result = await bootOnce(await toy('direct-xip', { images }));
    expect(running(result)).toEqual([0, 1]);
    expect(result.log).toContain('I: Image 0 secondary slot: image not found');
  });

  test('raises the hardware counter with revert only after the image was confirmed', async () => {
    const more = { revert: true, hwRollbackProtection: true };
    const images = [{ securityCounter: 7 }];
    const device = await toy('direct-xip', { images, more, counters: [3] });
    const side = application(device);
    side.setNext('primary0', {});
    expect(running(await bootOnce(device))).toEqual([0, 1]);
    expect(device.counters.read(0)).toBe(3);
    side.setNext('primary0', { active: true });
    await bootOnce(device);
    expect(device.counters.read(0)).toBe(7);
  });
});

describe('ram-load', () => {
  const at = (loadAddr: number, major: number) => ({ loadAddr, major });
  /** Bytes that the images here take in RAM. */
  const SIZE = 0x2a0;
  const ram = { executableRam: { startAddress: 0x2000_0000, sizeBytes: 0x4000 } };

  test.each([
    ['from the first byte of RAM', 0x2000_0000, true],
    ['to the last byte of RAM', 0x2000_4000 - SIZE, true],
    ['from a byte before RAM', 0x1fff_ffff, false],
    ['to a byte behind RAM', 0x2000_4001 - SIZE, false],
  ] as const)('an image %s: 0x%x is taken: %s', async (_, address, taken) => {
    const images = [at(0x2000_0000, 1), at(address, 2)];
    const device = await toy('ram-load', { images, more: ram });
    const result = await bootOnce(device);
    expect(running(result)).toEqual(taken ? [1, 2] : [0, 1]);
    const hex = `0x${address.toString(16)}`;
    expect(result.log).toContain(
      taken
        ? `I: Image 0 RAM loading to ${hex} is succeeded.`
        : `I: Image 0 RAM load address ${hex} is invalid.`,
    );
    expect(isErased(device, 1)).toBe(!taken);
  });

  test('removes an image that is not meant for RAM', async () => {
    const device = await toy('ram-load', { images: [at(0x2000_0000, 1), { major: 2 }] });
    const result = await bootOnce(device);
    expect(running(result)).toEqual([0, 1]);
    expect(result.log).toContain('I: Removing image 0 slot 1 from flash');
    expect(result.log).toContain('I: Bootloader chainload address offset: 0x20000000');
    expect(isErased(device, 1)).toBe(true);
  });

  test('removes an image whose size cannot be told', async () => {
    const device = await toy('ram-load', { images: [at(0x2000_0000, 1), at(0x2000_0000, 2)] });
    device.flash.program(SECONDARY + 632, new Uint8Array(4));
    expect(running(await bootOnce(device))).toEqual([0, 1]);
    expect(isErased(device, 1)).toBe(true);
  });

  test('takes a bad image out of RAM again', async () => {
    const device = await toy('ram-load', { images: [at(0x2000_0000, 1), at(0x2000_0400, 2)] });
    damage(device, 1);
    const result = await bootOnce(device);
    expect(running(result)).toEqual([0, 1]);
    expect(result.log).toContain('I: Removing image 0 from SRAM at address 0x20000400');
  });

  // The end of one counts as its own, the end of the other does not (ram_load.c, do_regions_overlap).
  test.each([
    ['lies in the middle of', 0x2000_1100, true],
    ['lies around', 0x2000_0f80, true],
    ['is where', 0x2000_1000, true],
    ['ends in', 0x2000_1000 - SIZE + 1, true],
    ['ends right before', 0x2000_1000 - SIZE, true],
    ['ends a byte before', 0x2000_1000 - SIZE - 1, false],
    ['begins in the last byte of', 0x2000_1000 + SIZE - 1, true],
    ['begins right behind', 0x2000_1000 + SIZE, false],
  ] as const)('an image that %s another one: 0x%x overlaps: %s', async (_, address, overlaps) => {
    const images = [at(0x2000_1000, 1), undefined, at(0x2000_3000, 1), at(address, 2)];
    const device = await toy('ram-load', { images, pairs: 2, more: ram });
    const result = await bootOnce(device);
    expect(ran(result)).toBe(1);
    const hex = `0x${address.toString(16)}`;
    expect(result.log).toContain(
      overlaps
        ? `I: Image 1 RAM loading to address ${hex} would overlap with another image.`
        : `I: Image 1 RAM loading to ${hex} is succeeded.`,
    );
    const slot = overlaps ? 'primary' : 'secondary';
    expect(result.log).toContain(`I: Image 1 loaded from the ${slot} slot`);
  });

  test('decrypts what it loads', async () => {
    const images = [at(0x2000_0000, 1), { ...at(0x2000_0000, 2), encryption: { key: wrapKey } }];
    const more = { encryption: { keyBytes: 16 as const } };
    const open = await toy('ram-load', { images, more, judge: { decryptionKeys: [wrapKey] } });
    expect(running(await bootOnce(open))).toEqual([1, 2]);
    const shut = await toy('ram-load', { images, more });
    expect(running(await bootOnce(shut))).toEqual([0, 1]);
  });
});
