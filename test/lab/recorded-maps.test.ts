import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hexNumber } from '../../src/bytes/index.ts';
import { mapFlash } from '../../src/lab/index.ts';
import type { ExplainedRange, LabDevice } from '../../src/lab/index.ts';
import { vectors } from '../support/mcuboot/lab-bench.ts';
import type { Device } from '../support/mcuboot/replay.ts';
import { openDevice, replayStep } from '../support/mcuboot/replay.ts';
import { sha256 as digest } from '../support/riotboot-vectors.ts';
import { configOf, contentsOf, hashOf } from '../support/mcuboot/vector-files.ts';

// What stands where in every flash that was recorded: beside what the files of its images say by themselves, and, for a
// scenario of each kind, written down in `maps/`.

const labDevice = ({ flash, judge, vector }: Device): LabDevice => ({
  flash,
  judge,
  config: configOf(vector.config),
});

/** Calls with the device as it was in the beginning, and after each step. */
async function throughout(
  name: string,
  look: (device: Device, after: string) => Promise<void>,
): Promise<void> {
  const device = await openDevice(vectors, name);
  await look(device, 'in the beginning');
  for (const [n, step] of device.vector.steps.entries()) {
    await replayStep(device, step);
    await look(device, `after step ${n} (${step.op})`);
  }
}

interface Part {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  readonly kind: string;
}

/** Header, payload and records of an image that stands there, as its own bytes tell; undefined: they do not. */
function partsOf(file: Uint8Array, start: number): readonly Part[] | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (view.getUint32(0, true) !== 0x96f3b83d) return undefined;
  const [headerBytes, protectedBytes] = [view.getUint16(8, true), view.getUint16(10, true)];
  const payloadBytes = view.getUint32(12, true);
  const sizes: [string, number][] = [
    ['header', headerBytes],
    ['image', payloadBytes],
  ];
  let at = headerBytes + payloadBytes;
  for (const [magic, isThere] of [
    [0x6908, protectedBytes > 0],
    [0x6907, true],
  ] as const) {
    if (!isThere) continue;
    if (at + 4 > file.length || view.getUint16(at, true) !== magic) return undefined;
    sizes.push(['tlvs', view.getUint16(at + 2, true)]);
    at += view.getUint16(at + 2, true);
  }
  let offsetBytes = start;
  return sizes.map(([kind, sizeBytes]) => {
    const part = { offsetBytes, sizeBytes, kind };
    offsetBytes += sizeBytes;
    return part;
  });
}

/** Where a slot's image begins, by the areas of the recording; a swap using offset has the second one sector up. */
function slotStarts({ vector: { config } }: Device): number[] {
  const sector = config.sectors[0]?.[0] ?? 0;
  return Object.entries(config.areas).flatMap(([name, { off }]) =>
    name === 'scratch' ? [] : [off, off + sector],
  );
}

/** The recording's images, by size and hash, that stand whole at the beginning of a slot, part by part. */
function recordedParts(device: Device): Part[] {
  const contents = contentsOf(device.flash);
  const images = Object.values(device.vector.images ?? {});
  return slotStarts(device).flatMap((start) => {
    const here = images
      .map(({ size, sha256 }) => ({ bytes: contents.subarray(start, start + size), sha256 }))
      .find(({ bytes, sha256 }) => digest(bytes) === sha256);
    const parts = here && partsOf(here.bytes, start);
    return parts ?? [];
  });
}

const rangeAt = (ranges: readonly ExplainedRange[], at: number): ExplainedRange | undefined =>
  ranges.find(({ offsetBytes, sizeBytes }) => offsetBytes <= at && at < offsetBytes + sizeBytes);

describe('the map of a recorded flash', () => {
  const seen = new Set<string>();
  const counted = { maps: 0, images: 0, cutShort: 0 };

  test.each(vectors.list('boot'))('%s', async (name) => {
    await throughout(name, async (device) => {
      const key = `${hashOf(device.flash)} ${JSON.stringify(device.vector.config)}`;
      if (seen.has(key)) return;
      seen.add(key);
      counted.maps += 1;
      const { ranges } = await mapFlash(labDevice(device));
      const ends = ranges.map(({ offsetBytes, sizeBytes }) => offsetBytes + sizeBytes);
      expect(ranges.map(({ offsetBytes }) => offsetBytes)).toEqual([0, ...ends.slice(0, -1)]);
      expect(ends.at(-1)).toBe(device.flash.sizeBytes);
      for (const { offsetBytes, sizeBytes, kind } of recordedParts(device)) {
        counted.images += kind === 'header' ? 1 : 0;
        // Bytes of an image that is too large are a trailer's where that counts.
        const isCutShort = rangeAt(ranges, offsetBytes + sizeBytes - 1)?.kind === 'trailer';
        counted.cutShort += isCutShort ? 1 : 0;
        const part = { offsetBytes, kind, ...(isCutShort ? {} : { sizeBytes }) };
        expect(rangeAt(ranges, offsetBytes)).toMatchObject(part);
      }
    });
  });

  test('was compared with as many images as were recorded; few are too large and reach into a trailer that counts', () => {
    expect(counted).toEqual({ maps: 740, images: 1401, cutShort: 5 });
  });
});

const place = ({ offsetBytes, sizeBytes }: Part): string =>
  `${hexNumber(offsetBytes, 5)} ${hexNumber(sizeBytes, 5)}`;

describe('is written down', () => {
  test.each([
    'move-ed25519-w4-m8-seed-sequence',
    'move-ed25519-w4-m8-protected-tlvs',
    'move-ed25519-w4-m8-primary-corrupt',
    'move-enc-ed25519-32-encx',
    'move-multi-only-1',
    'offset-ed25519-w32-m32-imgtool-confirm',
    'offset-secondary-plus1-seed-sequence',
    'scratch-nonuniform',
    'scratch-ed25519-w4-m8-too-big',
    'overwrite-ed25519-w4-m8-permanent',
    'overwrite-ed25519-w4-m8-wrong-magic',
    'ramloadrevert-confirm',
    'xip-newer-corrupt',
    'xiprevert-confirm',
  ])('%s', async (name) => {
    let text = '';
    let before = '';
    await throughout(`boot/${name}`, async (device, after) => {
      const { ranges, nextBoot } = await mapFlash(labDevice(device));
      const lines = ranges.map(
        (range) => `  ${place(range)} ${range.kind} ${range.area ?? '-'}: ${range.title}\n`,
      );
      const map = [...lines, ...nextBoot.map((sentence) => `  ${sentence}\n`)].join('');
      text += map === before ? `${after}: the same\n` : `${after}:\n${map}`;
      before = map;
    });
    await expect(text).toMatchFileSnapshot(join(import.meta.dirname, 'maps', `${name}.txt`));
  });
});
