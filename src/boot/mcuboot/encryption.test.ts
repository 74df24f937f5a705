import { describe, expect, test } from 'vitest';
import {
  application,
  bootOnce,
  primaryBytes,
  ran,
  statesOfCuts,
} from '../../../test/support/mcuboot/bench.ts';
import { toy } from '../../../test/support/mcuboot/toy.ts';
import type { Toy, ToyOptions } from '../../../test/support/mcuboot/toy.ts';
import { placeOf } from './config.ts';
import type { EncryptionConfig } from './config.ts';
import type { Algorithm } from './trailer-layout.ts';

// Version 2 lies encrypted in the secondary slot. In the primary slot it is plain, and where it goes back it
// is encrypted again, with the key that the trailer has kept.

const swaps: readonly Algorithm[] = ['swap-using-move', 'swap-using-offset', 'swap-using-scratch'];

const wrapping = { kind: 'aes-kw', bytes: new Uint8Array(16).fill(7) } as const;
const encryption = { key: wrapping, imageKey: new Uint8Array(16).fill(5) };

/** The key itself in the trailer, or the record that wraps it (MCUBOOT_SWAP_SAVE_ENCTLV). */
const builds: readonly (readonly [string, EncryptionConfig])[] = [
  ['keys', { keyBytes: 16 }],
  ['records', { keyBytes: 16, savedTlvBytes: 24 }],
];

const cases = swaps.flatMap((algorithm) =>
  builds.map(([saved, config]) => ({ algorithm, saved, config })),
);

const payloadBytes = 500;

function sealed(
  algorithm: Algorithm,
  config: EncryptionConfig | undefined,
  judge: ToyOptions['judge'] = { decryptionKeys: [wrapping] },
): Promise<Toy> {
  const images = [{ major: 1 }, { major: 2, payloadBytes, encryption }];
  const sizes = { sectorBytes: 512, primarySectors: 5 };
  return toy(algorithm, { ...sizes, images, judge, more: { encryption: config } });
}

/** The payload of version 2, as it was before it was encrypted. */
const plain = Uint8Array.from({ length: payloadBytes }, (_, n) => (n * 7 + 2 * 13) & 0xff);

function payloadIn(device: Toy): Uint8Array {
  return primaryBytes(device, 0x20 + payloadBytes).subarray(0x20);
}

/** Versions that run where the next boot is cut at each of its operations. */
async function afterCuts(device: Toy, check: (cut: Toy) => void): Promise<Set<number | string>> {
  const seen = new Set<number | string>();
  for (const kind of ['clean', 'torn'] as const) {
    for (const flash of await statesOfCuts(device, kind)) {
      const cut = { ...device, flash };
      seen.add(ran(await bootOnce(cut)));
      check(cut);
    }
  }
  return seen;
}

describe.each(cases)('$algorithm that keeps $saved', ({ algorithm, config }) => {
  test('opens an encrypted image on its way in, wherever it is cut', async () => {
    const device = await sealed(algorithm, config);
    application(device).setPending();
    const seen = await afterCuts(device, (cut) => expect(payloadIn(cut)).toEqual(plain));
    expect([...seen]).toEqual([2]);
    expect(ran(await bootOnce(device))).toBe(2);
    expect(payloadIn(device)).toEqual(plain);
  });

  test('takes it back out as it came, and the old image runs, wherever it is cut', async () => {
    const device = await sealed(algorithm, config);
    application(device).setPending();
    await bootOnce(device);
    const seen = await afterCuts(device, (cut) => expect(payloadIn(cut)).not.toEqual(plain));
    expect([...seen]).toEqual([1]);
    expect(ran(await bootOnce(device))).toBe(1);
    const { offsetBytes, sizeBytes } = placeOf(device.config, 'secondary0');
    const secondary = device.flash.read(offsetBytes, sizeBytes);
    const first = encryptedPayload(device).subarray(0, 16);
    // no byte of the payload is left open in the slot that anybody may read
    expect(indexOf(secondary, first)).toBeGreaterThan(0);
    expect(indexOf(secondary, plain.subarray(0, 16))).toBe(-1);
  });
});

function encryptedPayload({ images }: Toy): Uint8Array {
  return (images[1] ?? new Uint8Array()).subarray(0x20, 0x20 + payloadBytes);
}

function indexOf(bytes: Uint8Array, piece: Uint8Array): number {
  return Buffer.from(bytes).indexOf(piece);
}

describe('an encrypted image', () => {
  test('that no key opens is not taken, and the old one runs', async () => {
    const other = { kind: 'aes-kw', bytes: new Uint8Array(16).fill(8) } as const;
    const device = await sealed('swap-using-move', { keyBytes: 16 }, { decryptionKeys: [other] });
    application(device).setPending();
    expect(ran(await bootOnce(device))).toBe(1);
    expect(payloadIn(device)).not.toEqual(plain);
  });

  test('is not taken by a build without encryption', async () => {
    const device = await sealed('swap-using-move', undefined);
    application(device).setPending();
    const result = await bootOnce(device);
    expect(ran(result)).toBe(1);
    expect(result.refusals).toMatchObject([{ slot: 1, refusedBy: 'header' }]);
  });

  test('whose keys are gone from the trailer of a cut swap is told of', async () => {
    const device = await sealed('swap-using-scratch', { keyBytes: 16 });
    application(device).setPending();
    const states = await statesOfCuts(device);
    const { log } = await bootOnce({ ...device, flash: states.at(-1) ?? device.flash });
    expect(log.join('\n')).toContain('boot_read_enc_key: No key, read all 0xFF');
  });
});
