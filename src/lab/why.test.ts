import { describe, expect, test } from 'vitest';
import { forgeDevice, forgeImage, labKey, scenario } from '../../test/support/mcuboot/lab-bench.ts';
import { MemoryFlash } from '../flash/index.ts';
import { install, statesOfCuts } from '../../test/support/mcuboot/bench.ts';
import { makeImage, version as versionOf } from '../../test/support/mcuboot/images.ts';
import { signImage } from '../image/index.ts';
import { ApplicationSide, placeOf } from '../boot/mcuboot/index.ts';
import type { Algorithm, BootConfig } from '../boot/mcuboot/index.ts';
import {
  bootAhead,
  compareWear,
  describeState,
  dumpOf,
  explainSlots,
  explorePowerCuts,
  inspectFlash,
  stageUpdate,
} from './index.ts';
import type { CutReport, LabDevice, SlotExplanation } from './index.ts';

/** Slots of four sectors of 1 KiB, version 1 and version 2. */
function small(algorithm: Algorithm, more: Partial<BootConfig> = {}): Promise<LabDevice> {
  return forgeDevice({ algorithm, primarySectors: 4, payloadBytes: 600 }, more);
}

async function secondOf(device: LabDevice): Promise<SlotExplanation | undefined> {
  return (await explainSlots(device))[1];
}

/** The device with bytes of its flash changed as no flash access could. */
function poked(device: LabDevice, offsetBytes: number, bytes: Uint8Array): LabDevice {
  const dump = dumpOf(device.flash);
  dump.set(bytes, offsetBytes);
  return { ...device, flash: new MemoryFlash(device.flash.geometry, dump) };
}

/** The device with another word at this place of the secondary header. */
function withWord(device: LabDevice, offsetBytes: number, word: number): LabDevice {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, word, true);
  return poked(device, placeOf(device.config, 'secondary0').offsetBytes + offsetBytes, bytes);
}

describe('a header that is refused', () => {
  test('without the magic', async () => {
    const found = await secondOf(withWord(await small('swap-using-move'), 0, 0x12345678));
    expect(found).toMatchObject({ fate: 'refused', check: 'header', version: undefined });
    expect(found?.reason).toMatch(/^header: magic: expected 0x96f3b83d, got 0x12345678/);
  });

  test('with sizes that the slot has no room for, and by how many bytes', async () => {
    const found = await secondOf(withWord(await small('swap-using-move'), 12, 4096));
    expect(found?.reason).toMatch(
      /^header: sizes: header 32, payload 4096, protected TLVs 0 are 33 bytes too many for a slot of 4096/,
    );
  });

  test('that says encrypted, to a build without encryption', async () => {
    const found = await secondOf(withWord(await small('swap-using-move'), 16, 0x4));
    expect(found?.reason).toMatch(
      /^header: flags \(ENCRYPTED_AES128\): it is encrypted, and this bootloader is built without/,
    );
  });

  test('that is marked as never bootable', async () => {
    const device = await small('swap-using-move');
    const image = await makeImage({ major: 3, nonBootable: true, key: await labKey() });
    stageUpdate(device, image, { permanent: false });
    expect(await secondOf(device)).toEqual({
      image: 0,
      slot: 1,
      version: '3.0.0+0',
      fate: 'non-bootable',
      check: 'header',
      reason: 'its header is marked NON_BOOTABLE',
    });
  });
});

describe('an image that every check passes', () => {
  test('stays where its request is damaged', async () => {
    const device = await small('swap-using-move');
    new ApplicationSide(device.flash, device.config).setPending({ permanent: true });
    const { offsetBytes, sizeBytes } = placeOf(device.config, 'secondary0');
    // image_ok lies one alignment below the magic
    const spoilt = poked(device, offsetBytes + sizeBytes - 24, Uint8Array.of(0x05));
    const found = await secondOf(spoilt);
    expect(found).toMatchObject({ fate: 'stays', check: 'request' });
    expect(found?.reason).toMatch(/^request: image_ok is damaged/);
  });

  test.each(['direct-xip', 'ram-load'] as const)('waits in its slot: %s', async (algorithm) => {
    const device = await small(algorithm, {
      executableRam: { startAddress: 0x2000_0000, sizeBytes: 0x8000 },
    });
    const key = await labKey();
    for (const [n, major] of [4, 3].entries()) {
      const name = n === 0 ? 'primary0' : 'secondary0';
      const { offsetBytes, sizeBytes } = placeOf(device.config, name);
      device.flash.erase(offsetBytes, sizeBytes);
      const image = await makeImage({ major, key, loadAddr: 0x2000_0000, payloadBytes: 600 });
      device.flash.program(offsetBytes, image);
    }
    const slots = await explainSlots(device);
    expect(slots.map(({ fate, version }) => [fate, version])).toEqual([
      ['runs', '4.0.0+0'],
      ['stays', '3.0.0+0'],
    ]);
    expect(slots[1]?.reason).toBe('every check passes; but the other slot is taken');
    expect(await describeState(device)).toBe(
      'The primary slot holds version 4.0.0+0, the secondary version 3.0.0+0; the next boot runs 4.0.0+0.',
    );
  });

  test('is refused as a downgrade where the build prevents it', async () => {
    const device = await small('overwrite-only', { downgradePrevention: 'version' });
    stageUpdate(device, await forgeImage(0, 600), { permanent: true });
    const found = await secondOf(device);
    expect(found).toMatchObject({ fate: 'refused', check: 'version' });
    expect(await describeState(device)).toMatch(/the next boot does not take it \(version: /);
  });
});

describe('a state in one sentence', () => {
  test('of a device with nothing in it', async () => {
    const device = await small('swap-using-move');
    device.flash.erase(0, device.flash.sizeBytes);
    expect(await describeState(device)).toMatch(
      /^The primary slot is empty; the next boot finds nothing bootable/,
    );
  });

  test('of an update for good', async () => {
    const device = await small('swap-using-move');
    const side = new ApplicationSide(device.flash, device.config);
    side.setPending({ permanent: true });
    expect(await describeState(device)).toBe(
      'Version 2.0.0+0 waits in the secondary slot to be installed for good, over version 1.0.0+0; ' +
        'the next boot swaps it in and runs 2.0.0+0.',
    );
  });
});

describe('two images of one version', () => {
  /** Both 0.0.0+0, as builds of Zephyr are unless told otherwise. */
  async function twins(algorithm: Algorithm): Promise<LabDevice> {
    const device = await small(algorithm);
    const key = await labKey();
    const payload = (first: number): Uint8Array => new Uint8Array(600).fill(first);
    const options = { version: versionOf(0), headerSize: 0x20, padHeader: true, key };
    const [old, next] = [
      await signImage(payload(1), options),
      await signImage(payload(2), options),
    ];
    device.flash.erase(0, placeOf(device.config, 'primary0').sizeBytes);
    install(device.flash, 0, old.bytes);
    stageUpdate(device, next.bytes, { permanent: false });
    return device;
  }

  test('are told apart by their hashes where a sentence names both', async () => {
    expect(await describeState(await twins('swap-using-move'))).toMatch(
      /^Version 0\.0\.0\+0 \(hash (\w{8})…\) waits .*, over version 0\.0\.0\+0 \(hash (?!\1)(\w{8})…\); the next boot swaps it in and runs 0\.0\.0\+0 \(hash \1…\), the one after that goes back to 0\.0\.0\+0 \(hash \2…\) unless 0\.0\.0\+0 \(hash \1…\) is confirmed\.$/,
    );
  });

  test.each(['swap-using-move', 'swap-using-offset', 'swap-using-scratch'] as const)(
    'a revert that a cut loses is a loss: %s',
    async (algorithm) => {
      const same = await twins(algorithm);
      const other = await small(algorithm);
      new ApplicationSide(other.flash, other.config).setPending();
      const reports: CutReport[] = [];
      for (const device of [same, other]) {
        await bootAhead(device);
        reports.push(await explorePowerCuts(device));
      }
      const [hidden, told] = reports;
      expect(hidden?.counts).toEqual(told?.counts);
      expect(hidden?.undisturbed.path[0]).toMatch(/^0\.0\.0\+0 \(hash \w{8}…\)$/);
    },
  );

  test('are compared by bytes where wear is', async () => {
    const device = await twins('swap-using-move');
    const [move, , , overwrite] = await compareWear(device);
    expect(move?.boots.map(({ what }) => what)).toEqual(['update', 'revert']);
    expect(overwrite?.impossible).toBeUndefined();
  });
});

describe('where a swap was cut', () => {
  test.each(['swap-using-move', 'swap-using-offset', 'swap-using-scratch'] as const)(
    'it is the image that ends in the primary slot which runs, at every cut: %s',
    async (algorithm) => {
      const device = await forgeDevice({ algorithm, primarySectors: 8, payloadBytes: 1500 });
      new ApplicationSide(device.flash, device.config).setPending();
      for (const version of ['2.0.0+0', '1.0.0+0']) {
        for (const flash of await statesOfCuts({ ...device, counters: undefined })) {
          const slots = await explainSlots({ ...device, flash });
          const running = slots.filter(({ fate }) => fate === 'runs');
          expect(running.map((each) => each.version)).toEqual([version]);
        }
        await bootAhead(device);
      }
    },
  );

  test('neither slot is told as refused while its image lies in pieces', async () => {
    const device = await forgeDevice({ algorithm: 'swap-using-move', payloadBytes: 1500 });
    new ApplicationSide(device.flash, device.config).setPending();
    const states = await statesOfCuts({ ...device, counters: undefined });
    const flash = states[Math.floor(states.length / 2)] ?? device.flash;
    const found = await explainSlots({ ...device, flash });
    expect(found).toMatchObject([
      { version: '1.0.0+0', fate: 'stays', check: undefined },
      { version: '2.0.0+0', fate: 'runs', check: undefined },
    ]);
    expect(found[1]?.reason).toBe(
      'a test swap was cut, and the next boot goes on with it; then this image runs',
    );
    const { slots } = await inspectFlash({ ...device, flash });
    expect(slots.map(({ state }) => state)).toEqual(['swapping', 'swapping']);
  });

  test('the one after a revert that is due runs from where the old image lies: offset', async () => {
    const device = await small('swap-using-offset');
    new ApplicationSide(device.flash, device.config).setPending();
    await bootAhead(device);
    const found = await explainSlots(device);
    expect(found.map(({ fate }) => fate)).toEqual(['stays', 'runs']);
    const { slots } = await inspectFlash(device);
    expect(slots.map(({ state }) => state)).toEqual(['valid', 'valid']);
  });
});

test('a build that does not validate runs a bad image, which is told with what is wrong with it', async () => {
  const device = await small('swap-using-move', { validatePrimarySlot: false });
  const bad = poked(
    device,
    placeOf(device.config, 'primary0').offsetBytes + 100,
    new Uint8Array(8),
  );
  const [primary] = await explainSlots(bad);
  expect(primary).toMatchObject({ fate: 'runs', check: 'hash' });
  expect(primary?.reason).toMatch(/the bootloader does not ask: it runs at the next boot$/);
});

test('an image that never comes to rest is not told as another one after a cut', async () => {
  const device = await scenario('scratch-bootstrap-empty-pending', 1);
  const { undisturbed, counts, findings } = await explorePowerCuts(device, { twice: false });
  expect(undisturbed.outcome).toBe('restless');
  const total = Object.values(counts).map((each) => each['other-image']);
  expect(total.every((count) => count === 0)).toBe(true);
  expect(findings).toEqual([]);
});

test('a status that the bootloader stops at is told, not thrown', async () => {
  const device = await scenario('scratch-ed25519-w4-m8-seed-sequence', 0);
  const { offsetBytes, sizeBytes } = placeOf(device.config, 'primary0');
  const end = offsetBytes + sizeBytes;
  const build = { ...device, config: { ...device.config, validatePrimarySlot: false } };
  const one = new Uint8Array([1]);
  const broken = poked(poked(build, end - 48 - 1536 + 4, one), end - 48 - 1536 + 12, one);
  expect(await describeState(broken)).toMatch(/the next boot does not come back \(assert\)/);
  const slots = await explainSlots(broken);
  expect(slots.map(({ fate }) => fate)).toEqual(['waits', 'waits']);
});
