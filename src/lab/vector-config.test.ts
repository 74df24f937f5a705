import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BootConfig } from '../boot/mcuboot/index.ts';
import { algorithms, buildOf } from '../boot/mcuboot/index.ts';
import { DfuError } from '../bytes/index.ts';
import type { FlashGeometry } from '../flash/index.ts';
import type { FlashLayout } from './index.ts';
import { readVectorConfig, vectorConfigOf } from './index.ts';

const names = { signature: 'ed25519', publicKeys: ['keys/0.pub.pem'] } as const;

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });

const range = fc.record({ offsetBytes: fc.nat(2 ** 24), sizeBytes: fc.nat(2 ** 24) });
const time = fc.double({ min: 0, max: 1e6, noNaN: true });

const geometries: fc.Arbitrary<FlashGeometry> = fc.record({
  sectors: fc.array(
    fc.record({ count: fc.nat(512), sizeBytes: fc.nat(2 ** 17), eraseMs: maybe(time) }),
    { minLength: 1, maxLength: 3 },
  ),
  writeUnitBytes: fc.constantFrom(1, 4, 8, 16, 32),
  erasedValue: fc.constantFrom(0xff, 0x00),
  timing: maybe(fc.record({ eraseSectorMs: time, programUnitUs: time })),
});

const configs: fc.Arbitrary<BootConfig> = fc.record({
  algorithm: fc.constantFrom(...algorithms),
  revert: maybe(fc.boolean()),
  images: fc.array(fc.record({ primary: range, secondary: range }), {
    minLength: 1,
    maxLength: 17,
  }),
  scratch: maybe(range),
  maxAlign: maybe(fc.constantFrom(8, 16, 32)),
  maxImgSectors: maybe(fc.integer({ min: 1, max: 1024 })),
  validatePrimarySlot: maybe(fc.boolean()),
  bootstrap: maybe(fc.boolean()),
  logicalSectorBytes: maybe(fc.constantFrom(4096, 8192, 65536)),
  overwriteOnlyFast: maybe(fc.boolean()),
  overwriteOnlyKeepBackup: maybe(fc.boolean()),
  downgradePrevention: maybe(fc.constantFrom('version', 'security-counter')),
  compareBuildNumber: maybe(fc.boolean()),
  hwRollbackProtection: maybe(fc.boolean()),
  encryption: maybe(
    fc.record({
      keyBytes: fc.constantFrom(16, 32),
      savedTlvBytes: maybe(fc.constantFrom(24, 40, 80, 96, 112, 113, 128, 129, 256, 512)),
    }),
  ),
  executableRam: maybe(fc.record({ startAddress: fc.nat(), sizeBytes: fc.nat() })),
  copyChunkBytes: maybe(fc.integer({ min: 1, max: 4096 })),
  verifyImageAddress: maybe(fc.constantFrom('reset-vector', 'load-address')),
  guarded: maybe(fc.boolean()),
});

/** A layout with its defaults filled in, and nothing that is off or left out. */
function plain({ geometry, config }: FlashLayout): unknown {
  const off = (_key: string, value: unknown): unknown => (value === false ? undefined : value);
  return JSON.parse(JSON.stringify({ geometry, config: buildOf(config) }, off));
}

/** A config as it comes out of a file. */
function throughFile(layout: FlashLayout): FlashLayout {
  const { geometry, config } = readVectorConfig(
    JSON.parse(JSON.stringify({ config: vectorConfigOf(layout, names) })),
  );
  return { geometry, config };
}

describe('a configuration', () => {
  test('reads back as it was written, or is refused', () => {
    let written = 0;
    fc.assert(
      fc.property(geometries, configs, (geometry, config) => {
        const layout = { geometry, config };
        try {
          expect(plain(throughFile(layout))).toEqual(plain(layout));
          written += 1;
        } catch (error) {
          if (!DfuError.is(error, 'UNSUPPORTED')) throw error;
          const { images, encryption } = config;
          if (images.length <= 16 && encryption?.savedTlvBytes === undefined) throw error;
        }
      }),
      { numRuns: 500 },
    );
    expect(written).toBeGreaterThan(100);
  });

  const images = [
    {
      primary: { offsetBytes: 0, sizeBytes: 8192 },
      secondary: { offsetBytes: 8192, sizeBytes: 8192 },
    },
  ];
  const geometry: FlashGeometry = {
    sectors: [{ count: 4, sizeBytes: 4096 }],
    writeUnitBytes: 4,
    erasedValue: 0xff,
  };
  const config: BootConfig = { algorithm: 'swap-using-move', images };

  test.each([
    [16, 80, 'enc-x25519'],
    [32, 96, 'enc-x25519'],
    [16, 112, 'enc-x25519-sha512'],
    [32, 129, 'enc-ecdsa-p256'],
    [32, 256, 'enc-rsa-2048'],
    [32, 40, 'enc-kw'],
  ] as const)('AES key of %i bytes in a record of %i: %s', (keyBytes, savedTlvBytes, name) => {
    const encryption = { keyBytes, savedTlvBytes };
    const written = vectorConfigOf({ geometry, config: { ...config, encryption } }, names);
    expect(written.encryption).toBe(name);
    expect(readVectorConfig(written).config.encryption).toEqual(encryption);
  });

  test('with a key record of no known kind is refused', () => {
    const encryption = { keyBytes: 32, savedTlvBytes: 80 } as const;
    expect(() => vectorConfigOf({ geometry, config: { ...config, encryption } }, names)).toThrow(
      'vector files: expected key records of 96, 128, 129, 256, 40 bytes (AES-256), got 80',
    );
    const many = Array.from({ length: 17 }, () => images[0]).flatMap((each) => each ?? []);
    expect(() => vectorConfigOf({ geometry, config: { ...config, images: many } }, names)).toThrow(
      'expected at most 16 image pairs, got 17',
    );
  });

  test.each([
    ['algorithm', 'swap-using-luck', 'layout: algorithm: expected swap-using-move'],
    ['algorithm', 'direct-xip+luck', 'got "direct-xip+luck"'],
    ['sectors', undefined, 'layout: sectors: expected a list, got nothing'],
    ['sectors', [[4096, 1.5]], 'layout: sectors: expected a whole number, got 1.5'],
    ['sectors', [[4096, 4, -1]], 'layout: sectors: expected a time of 0 or more, got -1'],
    ['erasedVal', 1, 'layout: erasedVal: expected 0 or 255, got 1'],
    ['logicalSectorSize', 3000, 'layout: logicalSectorSize: expected a power of two, got 3000'],
    ['bootstrap', 1, 'layout: bootstrap: expected true or false, got 1'],
    ['validatePrimarySlot', 'no', 'layout: validatePrimarySlot: expected true or false'],
    ['minimalScramble', true, 'what a build with it does is not known here, got true'],
    ['maxAlign', 64, 'layout: maxAlign: expected 8, 16 or 32, got 64'],
    ['imageNumber', 0, 'layout: imageNumber: expected 1 to 16, got 0'],
    ['areas', {}, 'layout: areas.primary0: expected an object, got nothing'],
    ['signature', 'wax', 'layout: signature: expected nosig, ed25519'],
    ['encryption', 'enc-rot13', 'layout: encryption: expected enc, enc-x25519'],
    ['encryptionKeyBytes', 24, 'layout: encryptionKeyBytes: expected 16 or 32, got 24'],
    ['verifyImageAddress', 'luck', 'expected reset-vector or load-address, got "luck"'],
    ['executableRam', 5, 'layout: executableRam: expected an object, got 5'],
    ['timing', {}, 'layout: timing.eraseSectorMs: expected a time of 0 or more, got nothing'],
  ])('with %s %j is no configuration', (field, value, message) => {
    const encryption = { keyBytes: 16 } as const;
    const written = vectorConfigOf({ geometry, config: { ...config, encryption } }, names);
    const read = (): unknown => readVectorConfig({ ...written, [field]: value });
    expect(read).toThrow(DfuError);
    expect(read).toThrow(message);
  });

  test('may say more than is known here, as long as nothing of it is on', () => {
    const written = vectorConfigOf({ geometry, config }, names);
    const more = { minimalScramble: false, variant: 'as built in June', serialRecovery: 0 };
    expect(readVectorConfig({ ...written, ...more })).toEqual(readVectorConfig(written));
  });

  test('says how its saved records are wrapped', () => {
    const encryption = { keyBytes: 16 } as const;
    const written = vectorConfigOf({ geometry, config: { ...config, encryption } }, names);
    expect(() => readVectorConfig({ ...written, swapSaveEncTlv: true })).toThrow(
      'expected the kind of the key records that are saved, got "enc"',
    );
    expect(() => readVectorConfig([])).toThrow('layout: the layout file: expected an object');
  });
});
