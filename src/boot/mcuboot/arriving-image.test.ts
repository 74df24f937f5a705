import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryFlash } from '../../flash/index.ts';
import { signImage, writeImageHeader } from '../../image/index.ts';
import type { ImageHeader } from '../../image/index.ts';
import { ArrivingImage, ImageJudge, examineArrived } from './index.ts';
import type { BootConfig, Refusal } from './index.ts';

const SECTOR = 0x1000;
const SLOT = 0x8000;

const config: BootConfig = {
  algorithm: 'swap-using-move',
  images: [
    {
      primary: { offsetBytes: SECTOR, sizeBytes: SLOT },
      secondary: { offsetBytes: SECTOR + SLOT, sizeBytes: SLOT },
    },
  ],
  maxImgSectors: SLOT / SECTOR,
};
const place = { image: 0, slot: 1 } as const;
const flashBase = 0x0800_0000;

function newFlash(): MemoryFlash {
  const sectors = [{ count: 17, sizeBytes: SECTOR }];
  return new MemoryFlash({ sectors, writeUnitBytes: 4, erasedValue: 0xff });
}

const arriving = (): ArrivingImage =>
  new ArrivingImage({ flash: newFlash(), config, place, flashBase });

/** What was said of it. */
function arrive(bytes: Uint8Array, pieces: readonly number[]): unknown {
  const image = arriving();
  let at = 0;
  for (let n = 0; at < bytes.length; n += 1) {
    const length = Math.max(1, pieces[n % pieces.length] ?? 1);
    const refusal = image.take(bytes.subarray(at, at + length));
    if (refusal !== undefined) return refusal;
    at += length;
  }
  return image.missing(bytes.length) ?? 'whole';
}

/** A payload of that length with its vectors, linked for the primary slot behind a header of 32 bytes. */
function payload(lengthBytes: number): Uint8Array {
  const bytes = new Uint8Array(lengthBytes);
  new DataView(bytes.buffer).setUint32(4, flashBase + SECTOR + 0x21, true);
  return bytes;
}

async function signed(lengthBytes: number, securityCounter?: number): Promise<Uint8Array> {
  const version = { major: 1, minor: 0, revision: 0, build: 0 };
  const options = { version, headerSize: 32, padHeader: true, securityCounter };
  return (await signImage(payload(lengthBytes), options)).bytes;
}

const header = fc.record({
  loadAddr: fc.nat(0xffffffff),
  hdrSize: fc.oneof(fc.constantFrom(0, 31, 32, 0x200), fc.nat(0xffff)),
  protectTlvSize: fc.oneof(fc.constantFrom(0, 3, 4), fc.nat(0xffff)),
  imgSize: fc.oneof(fc.nat(64), fc.nat(0xffffffff)),
  flags: fc.oneof(fc.constant(0), fc.constantFrom(0x4, 0x10, 0x20, 0x100, 0x200), fc.nat(0xffff)),
  version: fc.constant({ major: 0, minor: 0, revision: 0, build: 0 }),
});

describe('an image that arrives', () => {
  test.each([undefined, 3])('is whole to its last byte, security counter %s', async (counter) => {
    const image = await signed(1000, counter);
    expect(arrive(image, [64])).toBe('whole');
    for (const length of [1, 31, 32, 33, 40, 1032, 1040, image.length - 1]) {
      expect(arrive(image.subarray(0, length), [64])).toMatch(/cut short: expected .*, got \d+$/);
    }
  });

  test('is judged alike however it is cut into pieces', async () => {
    const good = await signed(600, 3);
    const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
    const cuts = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), cuts, (changes, pieces) => {
        const image = good.slice();
        for (const [at, value] of changes) image[at] = value;
        expect(arrive(image, pieces)).toEqual(arrive(image, [image.length]));
      }),
      { numRuns: 300 },
    );
  });

  test('may say anything in its header', () => {
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 200 }), (said: ImageHeader, rest) => {
        const bytes = new Uint8Array(32 + rest.length);
        bytes.set(writeImageHeader(said));
        bytes.set(rest, 32);
        const told = arrive(bytes, [7]);
        const words = typeof told === 'string' ? told : (told as Refusal).reason;
        // A string descriptor has room for no more.
        expect(words.length).toBeLessThanOrEqual(126);
      }),
      { numRuns: 500 },
    );
  });

  test('is refused only if the bootloader or the processor would do so', async () => {
    const image = await signed(600, 3);
    const judge = new ImageJudge({ signature: 'none' });
    const verdictOf = (bytes: Uint8Array): Promise<Refusal | undefined> => {
      const flash = newFlash();
      const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4).fill(0xff);
      padded.set(bytes);
      flash.program(SECTOR + SLOT, padded);
      return examineArrived({ flash, config, judge }, place);
    };
    expect([arrive(image, [64]), await verdictOf(image)]).toEqual(['whole', undefined]);
    const inTheHeads = fc.oneof(fc.nat(43), fc.integer({ min: 632, max: image.length - 1 }));
    await fc.assert(
      fc.asyncProperty(inTheHeads, fc.nat(255), async (at, value) => {
        const changed = image.slice();
        changed[at] = value;
        const told = arrive(changed, [64]);
        const foreseen = typeof told === 'object' ? (told as Refusal).refusedBy : undefined;
        // The bootloader looks at no vectors; the processor does.
        const mustRefuse = foreseen !== undefined && foreseen !== 'image-address';
        const refused = (await verdictOf(changed)) !== undefined;
        expect(refused || !mustRefuse).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('tells a foreign magic at once', () => {
    const image = arriving();
    const refusal = image.take(new Uint8Array(32).fill(0xff));
    expect(refusal).toMatchObject({ refusedBy: 'header', slot: 1 });
    expect(refusal?.reason).toContain('begins with 3db8f396, got ffffffff');
    expect(image.take(new Uint8Array(32))).toBeUndefined();
  });
});
