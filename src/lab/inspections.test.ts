import { describe, expect, test } from 'vitest';
import { forgeDevice, forgeImage, labKey } from '../../test/support/mcuboot/lab-bench.ts';
import { Inspections, inspectFlash } from './index.ts';

/** A slot of that size that begins with an image. */
function slotWith(image: Uint8Array, sizeBytes: number): Uint8Array {
  const slot = new Uint8Array(sizeBytes);
  slot.set(image);
  return slot;
}

describe('what was found in an image', () => {
  test('holds for the same bytes in another slot, and for no others', async () => {
    const keys = [await labKey()];
    const inspections = new Inspections();
    const image = await forgeImage(1, 1000);
    const found = await inspections.inspect(slotWith(image, 4096), keys);
    expect(found.signatures.map(({ valid }) => valid)).toEqual([true]);
    expect(await inspections.inspect(slotWith(image, 8192), keys)).toBe(found);
    expect(await inspections.inspect(image, keys)).toBe(found);
    const unknown = await inspections.inspect(image, []);
    expect(unknown.signatures.map(({ valid }) => valid)).toEqual([undefined]);
    const damaged = image.slice();
    damaged[600] = (damaged[600] ?? 0) ^ 1;
    const other = await inspections.inspect(damaged, keys);
    expect(other.hashes.map(({ valid }) => valid)).toEqual([false]);
    await expect(inspections.inspect(image.subarray(0, 700), keys)).rejects.toMatchObject({
      code: 'TRUNCATED',
    });
  });

  test('is forgotten where slots are too large for many to be kept', async () => {
    const keys = [await labKey()];
    const inspections = new Inspections();
    const large = 40 << 20;
    const [one, other] = [await forgeImage(1, 1000), await forgeImage(2, 1000)];
    const first = await inspections.inspect(slotWith(one, large), keys);
    const second = await inspections.inspect(slotWith(other, large), keys);
    expect(await inspections.inspect(other, keys)).toBe(second);
    const again = await inspections.inspect(one, keys);
    expect(again).not.toBe(first);
    expect(again).toEqual({ ...first, image: again.image });
  });

  test('is what a report says each time', async () => {
    const device = await forgeDevice({ algorithm: 'swap-using-move' });
    const inspections = new Inspections();
    const reports = [
      await inspectFlash(device),
      await inspectFlash({ ...device, inspections }),
      await inspectFlash({ ...device, inspections }),
    ];
    expect(reports[1]).toEqual(reports[0]);
    expect(reports[2]?.slots.map(({ inspection }) => inspection)).toEqual(
      reports[1]?.slots.map(({ inspection }) => inspection),
    );
    expect(reports[2]?.slots[0]?.inspection).toBe(reports[1]?.slots[0]?.inspection);
  });
});
