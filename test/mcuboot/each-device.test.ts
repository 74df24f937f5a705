import { describe, expect, test } from 'vitest';
import {
  application,
  bootOnce,
  ran,
  statesOfCuts,
  uploadOffset,
} from '../support/mcuboot/bench.ts';
import { broken, faultOf, stepsAndStatus } from '../support/mcuboot/failing.ts';
import { overhead, parts } from '../support/mcuboot/part.ts';

// Each scenario on each part with each algorithm that its slots can have, as MCUboot's simulator does
// it; slots that cannot are refused, in MCUboot's words.

const able = parts.filter(({ refusal }) => refusal === undefined);
const swapping = able.filter(({ swaps }) => swaps);

describe('each device', () => {
  test.each(able)('$name: upgrade, then confirm', async (part) => {
    const device = await part.device();
    application(device).setPending();
    const results = [await bootOnce(device)];
    application(device).setConfirmed();
    results.push(await bootOnce(device));
    expect(results.map(ran)).toEqual([2, 2]);
    expect(results.flatMap((result) => faultOf(device, result))).toEqual([]);
  });

  test.each(swapping)('$name: upgrade, then revert', async (part) => {
    const device = await part.device();
    application(device).setPending();
    const results = [await bootOnce(device), await bootOnce(device), await bootOnce(device)];
    expect(results.map(ran)).toEqual([2, 1, 1]);
    expect(results.map(({ swapTypes }) => swapTypes[0])).toEqual(['test', 'revert', 'none']);
    expect(results.slice(1).flatMap((result) => faultOf(device, result))).toEqual([]);
  });

  test.each(able)('$name: upgrade for good', async (part) => {
    const device = await part.device();
    application(device).setPending({ permanent: true });
    const results = [await bootOnce(device), await bootOnce(device)];
    expect(results.map(ran)).toEqual([2, 2]);
    expect(results.flatMap((result) => faultOf(device, result))).toEqual([]);
  });

  test.each(able)('$name: upgrade and revert, with power cuts at every operation', async (part) => {
    const device = await part.device();
    application(device).setPending();
    for (const major of part.swaps ? [2, 1] : [2]) {
      const states = await statesOfCuts(device);
      expect(states.length).toBeGreaterThan(5);
      const bad: string[] = [];
      for (const [n, flash] of states.entries()) {
        const cut = { ...device, flash };
        const result = await bootOnce(cut);
        if (ran(result) !== major) bad.push(`${n}: ${ran(result)}`);
        bad.push(...faultOf(cut, result));
      }
      // MCUboot loses images of a single sector to a cut behind the first erase of the primary slot
      const single = Math.max(...device.images.map(({ length }) => length)) <= part.largestSector;
      const lost = single && part.algorithm === 'swap-using-offset' && major === 2;
      expect(bad.map((each) => each.replace(/^\d+: /, ''))).toEqual(lost ? ['fail'] : []);
      await bootOnce(device);
    }
  });

  test.each(able)('$name: the largest image there is', async (part) => {
    const payloadBytes = part.largest() - overhead;
    const device = await part.device([{ payloadBytes: payloadBytes - 1 }, { payloadBytes }]);
    application(device).setPending();
    const results = [await bootOnce(device), await bootOnce(device)];
    expect(results.map(ran)).toEqual(part.swaps ? [2, 1] : [2, 2]);
    expect(results.flatMap((result) => result.refusals)).toEqual([]);
  });

  test.each(swapping)('$name: one byte more', async (part) => {
    const payloadBytes = part.largest() - overhead + 1;
    const device = await part.device([{}, { payloadBytes }]);
    application(device).setPending();
    const result = await bootOnce(device);
    expect([ran(result), result.swapTypes]).toEqual([1, ['none']]);
    expect(result.refusals.map((each) => each.refusedBy)).toEqual(['size']);
    expect(result.log).toContain('E: Image in the secondary slot is not valid!');
  });

  test.each(able)('$name: a bad hash', async (part) => {
    const device = await part.device();
    const { secondary } = part.geometry;
    const { writeUnitBytes, erasedValue } = part.geometry.geometry;
    const up = uploadOffset(
      device.config,
      device.flash.sectors.at(secondary.offsetBytes).sizeBytes,
    );
    const flipped = new Uint8Array(writeUnitBytes).fill(255 - erasedValue);
    device.flash.program(secondary.offsetBytes + up + 0x100, flipped);
    application(device).setPending();
    const result = await bootOnce(device);
    expect([ran(result), result.swapTypes]).toEqual([1, ['none']]);
    expect(result.refusals.map((each) => each.refusedBy)).toEqual(['hash']);
    const left = device.flash.read(secondary.offsetBytes, secondary.sizeBytes);
    expect(left.every((byte) => byte === erasedValue)).toBe(true);
    expect(ran(await bootOnce(device))).toBe(1);
  });

  test.each(able)('$name: a downgrade', async (part) => {
    const versions = [{ major: 2 }, { major: 1 }] as const;
    const device = await part.device(versions, { downgradePrevention: 'version' });
    application(device).setPending();
    const result = await bootOnce(device);
    expect([ran(result), result.swapTypes]).toEqual([2, ['none']]);
    expect(result.refusals.map((each) => each.refusedBy)).toEqual(['version']);
  });

  test.each(swapping)('$name: status writes that fail', async (part) => {
    for (const validatePrimarySlot of [true, false]) {
      const device = await part.device([{}, {}], { validatePrimarySlot });
      application(device).setPending({ permanent: true });
      const { steps, isStatus } = await stepsAndStatus(device);
      const first = steps.find(isStatus);
      const bad = broken(device, first === undefined ? [] : [first.defect], 'once');
      const result = await bootOnce(bad);
      const words = [...result.log, result.reason];
      expect(ran(result)).toBe(validatePrimarySlot ? 2 : 'assert');
      expect(words).toContain(
        validatePrimarySlot
          ? 'W: 1 status write fails performing the swap'
          : 'a status entry cannot be written',
      );
      const next = await bootOnce(bad);
      expect([ran(next), faultOf(bad, next)]).toEqual([2, []]);
    }
  });
});

test.each(parts.filter(({ refusal }) => refusal !== undefined))(
  '$name: no update, with the reason',
  async (part) => {
    const device = await part.device();
    application(device).setPending();
    const result = await bootOnce(device);
    expect([ran(result), result.swapTypes]).toEqual([1, ['none']]);
    expect(result.log).toContain(part.refusal);
  },
);
