import { describe, expect, test } from 'vitest';
import type { BootConfig, BootResult } from '../../src/boot/mcuboot/index.ts';
import { ApplicationSide, ImageJudge, MemoryCounters, boot } from '../../src/boot/mcuboot/index.ts';
import { MemoryFlash } from '../../src/flash/index.ts';
import { asDecryptionKey, generateKey, signImage } from '../../src/image/index.ts';
import type { SignOptions } from '../../src/image/index.ts';
import { install } from '../support/mcuboot/bench.ts';

// Direct-xip and ram-load beyond what the vectors hold: fixed addresses, RAM, several images.

const SLOT = 0x2000;
const wrapKey = asDecryptionKey(await generateKey('x25519'));
const judge = new ImageJudge({ signature: 'none', decryptionKeys: [wrapKey] });

/** Slots one behind the other: primary 0, secondary 0, primary 1, secondary 1. */
function configOf(
  algorithm: 'direct-xip' | 'ram-load',
  more: Partial<BootConfig> = {},
): BootConfig {
  return {
    algorithm,
    images: [slots(0)],
    maxImgSectors: 8,
    executableRam: { startAddress: 0x2000_0000, sizeBytes: 0x4000 },
    ...more,
  };
}

function slots(image: number): BootConfig['images'][number] {
  const place = (n: number) => ({ offsetBytes: n * SLOT, sizeBytes: SLOT });
  return { primary: place(image * 2), secondary: place(image * 2 + 1) };
}

/** A flash whose slots hold these images; undefined leaves a slot erased. */
async function flashWith(
  images: readonly (Partial<SignOptions> | undefined)[],
): Promise<MemoryFlash> {
  const sectors = [{ sizeBytes: 1024, count: 32 }];
  const flash = new MemoryFlash({ sectors, writeUnitBytes: 4, erasedValue: 0xff });
  for (const [n, options] of images.entries()) {
    if (options === undefined) continue;
    const payload = new Uint8Array(700).fill(n + 1);
    const rest = { version: version(1), headerSize: 0x20, padHeader: true };
    install(flash, n * SLOT, (await signImage(payload, { ...rest, ...options })).bytes);
  }
  return flash;
}

const version = (major: number) => ({ major, minor: 0, revision: 0, build: 0 });

function running({ image }: BootResult): readonly [number, number] | undefined {
  return image === undefined ? undefined : [image.slot, image.header.version.major];
}

describe('direct-xip', () => {
  test('skips an image that was linked for the other slot, and leaves it alone', async () => {
    const flash = await flashWith([
      { version: version(1) },
      { version: version(2), romFixed: 0x1000 },
    ]);
    const result = await boot({ flash, config: configOf('direct-xip'), judge });
    expect(running(result)).toEqual([0, 1]);
    expect(result.log).toContain(
      'W: Image in secondary slot at 0x2000 has been built for offset 0x1000, skipping',
    );
    expect(flash.read(SLOT, 1)[0]).toBe(0x3d);
  });

  test('compares build numbers only if it was built to', async () => {
    const build = (n: number) => ({ version: { ...version(1), build: n } });
    const images = [build(4), build(9)];
    const slotOf = async (compareBuildNumber: boolean): Promise<number | undefined> => {
      const config = configOf('direct-xip', { compareBuildNumber });
      return (await boot({ flash: await flashWith(images), config, judge })).image?.slot;
    };
    expect([await slotOf(false), await slotOf(true)]).toEqual([0, 1]);
  });

  test('takes no encrypted image', async () => {
    const encryption = { key: wrapKey };
    const flash = await flashWith([{ version: version(1) }, { version: version(2), encryption }]);
    const result = await boot({ flash, config: configOf('direct-xip'), judge });
    expect(running(result)).toEqual([0, 1]);
    expect(result.log).toContain('I: Image 0 secondary slot: image not found');
  });

  test('falls back to the slot whose dependencies are met', async () => {
    const needs = [{ imageId: 1, minVersion: version(5) }];
    const flash = await flashWith([
      { version: version(1) },
      { version: version(2), dependencies: needs },
      { version: version(4) },
      undefined,
    ]);
    const config = configOf('direct-xip', { images: [slots(0), slots(1)] });
    const result = await boot({ flash, config, judge });
    expect(running(result)).toEqual([0, 1]);
    expect(result.log).toContain('I: Image 1 loaded from the primary slot');
  });

  test('raises the hardware counter with revert only after the image was confirmed', async () => {
    const flash = await flashWith([{ securityCounter: 7 }, undefined]);
    const config = configOf('direct-xip', { revert: true, hwRollbackProtection: true });
    const counters = new MemoryCounters([3]);
    const side = new ApplicationSide(flash, config);
    side.setNext('primary0', {});
    expect(running(await boot({ flash, config, judge, counters }))).toEqual([0, 1]);
    expect(counters.read(0)).toBe(3);
    side.setNext('primary0', { active: true });
    await boot({ flash, config, judge, counters });
    expect(counters.read(0)).toBe(7);
  });
});

describe('ram-load', () => {
  const at = (loadAddr: number, major: number) => ({ loadAddr, version: version(major) });

  test('removes an image that lands outside of the RAM for images', async () => {
    const flash = await flashWith([at(0x2000_0000, 1), at(0x2000_3f00, 2)]);
    const result = await boot({ flash, config: configOf('ram-load'), judge });
    expect(running(result)).toEqual([0, 1]);
    expect(result.log).toContain('I: Image 0 RAM load address 0x20003f00 is invalid.');
    expect(result.log).toContain('I: Removing image 0 slot 1 from flash');
    expect(flash.read(SLOT, 4)).toEqual(new Uint8Array(4).fill(0xff));
  });

  test('removes an image that is not meant for RAM', async () => {
    const flash = await flashWith([at(0x2000_0000, 1), { version: version(2) }]);
    const result = await boot({ flash, config: configOf('ram-load'), judge });
    expect(running(result)).toEqual([0, 1]);
    expect(result.log).toContain('I: Bootloader chainload address offset: 0x20000000');
  });

  test('does not load one image over another', async () => {
    const flash = await flashWith([
      at(0x2000_0000, 1),
      undefined,
      at(0x2000_1000, 1),
      at(0x2000_0100, 2),
    ]);
    const config = configOf('ram-load', { images: [slots(0), slots(1)] });
    const result = await boot({ flash, config, judge });
    expect(result.outcome).toBe('ok');
    expect(result.log).toContain(
      'I: Image 1 RAM loading to address 0x20000100 would overlap with another image.',
    );
    expect(result.log).toContain('I: Image 1 loaded from the primary slot');
  });

  test('decrypts what it loads', async () => {
    const flash = await flashWith([
      at(0x2000_0000, 1),
      { ...at(0x2000_0000, 2), encryption: { key: wrapKey } },
    ]);
    const config = configOf('ram-load', { encryption: { keyBytes: 16 } });
    expect(running(await boot({ flash, config, judge }))).toEqual([1, 2]);
  });
});
