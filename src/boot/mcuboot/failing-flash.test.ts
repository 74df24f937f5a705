import { describe, expect, test } from 'vitest';
import { application, bootAndCut, bootOnce, ran } from '../../../test/support/mcuboot/bench.ts';
import type { Defect } from '../../../test/support/mcuboot/failing.ts';
import { broken, faultOf, stepsAndStatus, stepsOf } from '../../../test/support/mcuboot/failing.ts';
import { copyOf, toy } from '../../../test/support/mcuboot/toy.ts';
import type { Toy } from '../../../test/support/mcuboot/toy.ts';
import type { Algorithm } from './trailer-layout.ts';

// Flash that does not do what it is told: which failures end the boot, and which MCUboot goes on
// with. What runs is whole, whatever fails.

const swaps: readonly Algorithm[] = ['swap-using-move', 'swap-using-offset', 'swap-using-scratch'];
const updates: readonly Algorithm[] = [...swaps, 'overwrite-only'];

describe.each(updates)('an operation of %s', (algorithm) => {
  test.each([
    ['a test', 2],
    ['a revert', 1],
  ] as const)('of %s that fails once ends the boot, and the next one does it', async (_, major) => {
    const device = await toy(algorithm);
    application(device).setPending();
    const reverts = major === 1 && algorithm !== 'overwrite-only';
    if (reverts) await bootOnce(device);
    const wanted = reverts ? 1 : 2;
    const { steps, isStatus } = await stepsAndStatus(device);
    expect(steps.length).toBeGreaterThan(5);
    for (const step of steps) {
      const bad = broken(device, [step.defect], 'once');
      const [first, second] = [await bootOnce(bad), await bootOnce(copyOf(bad))];
      const end = isStatus(step) ? wanted : 'assert';
      expect([step, ran(first), faultOf(bad, first)]).toEqual([step, end, []]);
      // what went well despite a missing status entry is a swap, and the next boot may revert it
      const next = end === 'assert' || algorithm === 'overwrite-only' ? [wanted] : [1];
      expect([step, next]).toEqual([step, [ran(second)]]);
    }
  });

  test('that fails for ever never lets half an image run', async () => {
    const device = await toy(algorithm);
    application(device).setPending();
    const faults: string[] = [];
    for (const step of await stepsOf(device)) {
      const bad = broken(device, [step.defect], 'for ever');
      for (let again = 0; again < 4; again += 1) {
        faults.push(...faultOf(bad, await bootOnce(bad)));
      }
    }
    expect(faults).toEqual([]);
  });
});

// What MCUboot does without looking whether it worked: the boot goes on.
describe('a slot that cannot be erased', () => {
  /** Every erase of these slots fails. */
  const sealed = (device: Toy, ...slots: readonly (0 | 1)[]): Toy => {
    const [pair] = device.config.images;
    if (pair === undefined) throw new Error('a toy without slots');
    const places = slots.map((slot) => (slot === 0 ? pair.primary : pair.secondary));
    const defects = places.map(({ offsetBytes, sizeBytes }) => ({
      kind: 'erase' as const,
      offsetBytes,
      lengthBytes: sizeBytes,
    }));
    return broken(device, defects, 'for ever');
  };

  test.each(updates)('keeps a bad image, %s, which is refused at every boot', async (algorithm) => {
    const device = await toy(algorithm, { judge: { signature: 'ed25519' } });
    application(device).setPending();
    const bad = sealed({ ...device, config: { ...device.config, validatePrimarySlot: false } }, 1);
    for (let again = 0; again < 2; again += 1) {
      const result = await bootOnce(bad);
      expect([ran(result), result.swapTypes]).toEqual([1, ['none']]);
      expect(result.log).toContain('E: Image in the secondary slot is not valid!');
    }
  });

  test.each(swaps)('keeps the request without an image, %s', async (algorithm) => {
    const device = await toy(algorithm, { images: [{ major: 1 }] });
    application(device).setPending();
    const result = await bootOnce(sealed(device, 1));
    expect([ran(result), result.swapTypes]).toEqual([1, ['none']]);
  });

  test('keeps the trailer of a stuck revert, of which nothing is said then', async () => {
    const device = await toy('swap-using-move');
    application(device).setPending();
    await bootOnce(device);
    const [pair] = device.config.images;
    device.flash.erase(pair?.secondary.offsetBytes ?? 0, pair?.secondary.sizeBytes ?? 0);
    const cleared = 'I: Cleared image 0 primary slot trailer due to stuck revert';
    const stuck = await bootOnce(sealed(device, 0, 1));
    expect([ran(stuck), stuck.log.includes(cleared)]).toEqual([2, false]);
    const mended = await bootOnce(copyOf(device));
    expect([ran(mended), mended.log.includes(cleared)]).toEqual([2, true]);
  });

  test.each(updates)('keeps an older image, %s', async (algorithm) => {
    const more = { downgradePrevention: 'version' } as const;
    const device = await toy(algorithm, { more, images: [{ major: 2 }, { major: 1 }] });
    application(device).setPending();
    const result = await bootOnce(sealed(device, 1));
    expect([ran(result), result.refusals.map((each) => each.refusedBy)]).toEqual([2, ['version']]);
  });

  test('keeps an image that is not linked for the primary slot', async () => {
    const images = [{ major: 1 }, { major: 2, loadAddr: 0x10_0000 }];
    const more = { verifyImageAddress: 'load-address' } as const;
    const device = await toy('swap-using-move', { more, images });
    application(device).setPending();
    const result = await bootOnce(sealed(device, 1));
    expect([ran(result), result.refusals[0]?.refusedBy]).toEqual([1, 'image-address']);
  });

  test('keeps what may not run in place', async () => {
    const device = await toy('direct-xip', { images: [{ major: 1 }, { major: 2 }] });
    const second = device.config.images[0]?.secondary.offsetBytes ?? 0;
    device.flash.program(second + 0x40, new Uint8Array(4));
    expect(ran(await bootOnce(sealed(device, 1)))).toBe(1);
  });

  test('keeps what may not be loaded', async () => {
    const images = [{ major: 1, loadAddr: 0x2000_0000 }, { major: 2 }];
    const device = await toy('ram-load', { images });
    const result = await bootOnce(sealed(device, 1));
    expect([ran(result), result.log]).toEqual([
      1,
      expect.arrayContaining(['I: Removing image 0 slot 1 from flash']),
    ]);
  });
});

describe('a flag that cannot be written', () => {
  const flag = (device: Toy, name: 'imageOk' | 'copyDone'): Defect => {
    const [pair] = device.config.images;
    const end = (pair?.primary.offsetBytes ?? 0) + (pair?.primary.sizeBytes ?? 0);
    const offsetBytes = end - (name === 'imageOk' ? 24 : 32);
    return { kind: 'write', offsetBytes, lengthBytes: 8 };
  };

  test('does not keep direct-xip from running the image', async () => {
    const device = await toy('direct-xip', { more: { revert: true }, images: [{ major: 1 }] });
    application(device).setNext('primary0', {});
    const result = await bootOnce(broken(device, [flag(device, 'copyDone')], 'for ever'));
    expect(ran(result)).toBe(1);
    expect(result.log).toContain(
      'W: Failed to set copy_done flag of the image in the primary slot.',
    );
  });

  test.each(swaps)('is a panic when a cut swap is finished, %s', async (algorithm) => {
    const device = await toy(algorithm);
    application(device).setPending({ permanent: true });
    const steps = await stepsOf(device);
    await bootAndCut(device, steps.length - 1);
    const result = await bootOnce(broken(device, [flag(device, 'copyDone')], 'once'));
    expect([ran(result), result.log.at(-1)]).toEqual(['assert', 'E: panic!']);
    expect(ran(await bootOnce(device))).toBe(2);
  });

  test('is a panic when the new image turned out bad', async () => {
    const device = await toy('swap-using-move');
    application(device).setPending();
    // the swap has begun, with its type in the primary trailer, but moved nothing
    const steps = await stepsOf(device);
    const moved = steps.findIndex(({ area, kind, offsetBytes }) => {
      return area === 'primary0' && kind === 'erase' && offsetBytes === 0x300;
    });
    await bootAndCut(device, moved);
    const second = device.config.images[0]?.secondary.offsetBytes ?? 0;
    device.flash.program(second + 0x40, new Uint8Array(4));
    const bad = broken(device, [flag(device, 'imageOk')], 'for ever');
    const result = await bootOnce(bad);
    expect([ran(result), result.swapTypes, result.log.at(-1)]).toEqual([
      'assert',
      ['fail'],
      'E: panic!',
    ]);
    const next = await bootOnce(copyOf(device));
    expect([ran(next), next.swapTypes]).toEqual([1, ['fail']]);
  });
});
