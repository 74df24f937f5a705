import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ApplicationSide, ImageJudge, boot, placeOf } from '../boot/mcuboot/index.ts';
import type { Algorithm } from '../boot/mcuboot/index.ts';
import { riotbootLayout } from '../boot/riotboot/index.ts';
import { MemoryFlash } from '../flash/index.ts';
import { forgeDevice, forgeImage } from '../../test/support/mcuboot/lab-bench.ts';
import { layOut } from '../../test/support/mcuboot/bench.ts';
import { powerLost } from '../../test/support/mcuboot/replay.ts';
import { inspectFlash, mapFlash, riotbootReader, tileFlash } from './index.ts';
import type { ExplainedRange, LabDevice } from './index.ts';
import { slotFacts } from './slot-words.ts';

const swaps = ['swap-using-move', 'swap-using-offset', 'swap-using-scratch'] as const;
const all = [...swaps, 'overwrite-only', 'direct-xip', 'ram-load'] as const;

/** What is wrong with ranges that should be all of a flash, in order, each with words; empty if nothing is. */
function faultsOf(ranges: readonly ExplainedRange[], flash: MemoryFlash): string[] {
  const faults: string[] = [];
  let at = 0;
  for (const { offsetBytes, sizeBytes, kind, title, words } of ranges) {
    const bytes = flash.read(offsetBytes, sizeBytes);
    const erased = bytes.every((byte) => byte === flash.geometry.erasedValue);
    if (offsetBytes !== at || sizeBytes < 1) faults.push(`${title} at ${offsetBytes}, not ${at}`);
    if (kind === 'erased' && !erased) faults.push(`${title} at ${at} is not erased`);
    if (title === '' || words.length === 0) faults.push(`nothing is said of what is at ${at}`);
    at += sizeBytes;
  }
  return at === flash.sizeBytes ? faults : [...faults, `the ranges end at ${at}`];
}

/** A map in short: kind, area and title of what is not erased. */
const told = (ranges: readonly ExplainedRange[]): string[] =>
  ranges
    .filter(({ kind }) => kind !== 'erased')
    .map(({ kind, area, title }) => `${kind} ${area ?? '-'}: ${title}`);

describe('the map of a flash with MCUboot', () => {
  test('has every part of both images and of the trailer, in the words of the inspector', async () => {
    const device = await forgeDevice({ algorithm: 'swap-using-move' });
    new ApplicationSide(device.flash, device.config).setPending();
    const report = await inspectFlash(device);
    const { ranges, nextBoot } = await mapFlash(device);
    expect(faultsOf(ranges, device.flash)).toEqual([]);
    expect(nextBoot).toEqual(report.sentences);
    expect(told(ranges)).toEqual([
      'header primary0: MCUboot image 1.0.0+0, header',
      'image primary0: MCUboot image 1.0.0+0, payload',
      'tlvs primary0: MCUboot image 1.0.0+0, TLVs',
      'header secondary0: MCUboot image 2.0.0+0, header',
      'image secondary0: MCUboot image 2.0.0+0, payload',
      'tlvs secondary0: MCUboot image 2.0.0+0, TLVs',
      ...['swap_status', 'swap_size', 'swap_info', 'copy_done', 'image_ok', 'magic'].map(
        (name) => `trailer secondary0: trailer of secondary0, ${name}`,
      ),
    ]);
    const facts = report.slots.map((slot) =>
      slotFacts(slot).map(([name, text]) => `${name}: ${text}`),
    );
    const payloads = ranges.filter(({ kind }) => kind === 'image');
    expect(payloads.map(({ words }) => words)).toEqual(facts);
    const secondary = report.trailers.find(({ area }) => area === 'secondary0');
    const meanings = ranges.filter(({ kind }) => kind === 'trailer').map(({ words }) => words[0]);
    expect(meanings.map((each) => each?.replace(/^[^:]*: /, ''))).toEqual(
      secondary?.fields.map(({ meaning }) => meaning),
    );
  });

  test.each(all)('of %s is all of the flash before a boot and after', async (algorithm) => {
    const device = await forgeDevice({ algorithm, scratchSectors: 2 });
    const side = new ApplicationSide(device.flash, device.config);
    if (algorithm !== 'direct-xip' && algorithm !== 'ram-load') side.setPending();
    for (let times = 0; times < 3; times += 1) {
      const { ranges, nextBoot } = await mapFlash(device);
      expect(faultsOf(ranges, device.flash)).toEqual([]);
      expect(nextBoot.length).toBeGreaterThan(0);
      await boot({ flash: device.flash, config: device.config, judge: device.judge });
    }
  });

  test.each(swaps)('of a cut %s has pieces of images, and says so', async (algorithm) => {
    const device = await forgeDevice({ algorithm, scratchSectors: 2 });
    new ApplicationSide(device.flash, device.config).setPending();
    let left = 24;
    const onOperation = (): void => {
      if (left === 0) throw powerLost();
      left -= 1;
    };
    const { flash, config, judge } = device;
    expect((await boot({ flash, config, judge, onOperation })).outcome).toBe('cut');
    const { ranges, nextBoot } = await mapFlash(device);
    expect(faultsOf(ranges, device.flash)).toEqual([]);
    expect(told(ranges)).toContain('image primary0: pieces of images');
    const onTheirWay = algorithm === 'swap-using-scratch' ? ['sectors on their way'] : [];
    const inScratch = ranges.filter(({ kind }) => kind === 'scratch');
    expect(inScratch.map(({ title }) => title)).toEqual(onTheirWay);
    expect(nextBoot[0]).toMatch(/was cut/);
  });

  test('has an image that is still arriving as far as it came', async () => {
    const device = await forgeDevice({ algorithm: 'swap-using-move' });
    const { offsetBytes, sizeBytes } = placeOf(device.config, 'secondary0');
    device.flash.erase(offsetBytes, sizeBytes);
    device.flash.program(offsetBytes, (await forgeImage(3, 3000)).subarray(0, 1200));
    const { ranges } = await mapFlash(device);
    expect(faultsOf(ranges, device.flash)).toEqual([]);
    const arriving = ranges.filter(({ area, kind }) => area === 'secondary0' && kind !== 'erased');
    expect(arriving.map(({ kind }) => kind)).toEqual(['header', 'image']);
    expect(arriving.reduce((sum, { sizeBytes: size }) => sum + size, 0)).toBe(1200);
    expect(arriving[1]?.words[0]).toMatch(/its TLVs are not there or damaged$/);
  });

  test('knows the areas beside the slots, and says of the rest that it knows nothing', async () => {
    const device = await forgeDevice({ algorithm: 'swap-using-scratch' });
    const { scratch } = device.config;
    const filled = { kind: 'settings', title: 'settings', words: ['kept'] } as const;
    const areas = [
      { name: 'storage', offsetBytes: scratch?.offsetBytes ?? 0, sizeBytes: 1024, filled },
    ];
    device.flash.program(scratch?.offsetBytes ?? 0, Uint8Array.of(1, 2, 3, 4));
    const moved = {
      ...device,
      config: { ...device.config, algorithm: 'swap-using-move' } as const,
    };
    expect(told((await mapFlash(moved, { areas })).ranges).at(-1)).toBe(
      'settings storage: settings',
    );
    expect(told((await mapFlash(moved)).ranges).at(-1)).toBe('data -: bytes outside of all areas');
    expect(told((await mapFlash(device)).ranges).at(-1)).toBe('scratch scratch: left of a swap');
  });

  test('says where signatures were not checked', async () => {
    const device = await forgeDevice({ algorithm: 'swap-using-move' });
    const { nextBoot } = await mapFlash({ ...device, signaturesUnchecked: true });
    expect(nextBoot.at(-1)).toMatch(/^doubtful: signatures are not checked/);
  });
});

/** Bytes as a hostile or damaged dump may have them: erased, anything, or a header that promises too much. */
const stretches = fc.array(
  fc.record({
    at: fc.nat(16 * 1024 - 1),
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 64 }),
      fc
        .tuple(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0, max: 0xffffffff }))
        .map(([hdrSize, imgSize]) => {
          const view = new DataView(new ArrayBuffer(32));
          view.setUint32(0, 0x96f3b83d, true);
          view.setUint16(8, hdrSize, true);
          view.setUint32(12, imgSize, true);
          return new Uint8Array(view.buffer);
        }),
    ),
    aligned: fc.boolean(),
  }),
  { maxLength: 12 },
);

describe('whatever is in a flash', () => {
  test('the ranges of its map are all of it, none twice', async () => {
    const make = (algorithm: Algorithm, sectorBytes: number, erasedValue: 0 | 0xff) =>
      layOut({
        algorithm,
        sectorBytes,
        primarySectors: 6144 / sectorBytes,
        writeUnitBytes: 4,
        erasedValue,
      });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<Algorithm>(...all),
        fc.constantFrom(512, 1024, 2048),
        fc.constantFrom<0 | 0xff>(0, 0xff),
        stretches,
        async (algorithm, sectorBytes, erasedValue, pieces) => {
          const { geometry, config } = make(algorithm, sectorBytes, erasedValue);
          const size = geometry.sectors.reduce((sum, run) => sum + run.count * run.sizeBytes, 0);
          const contents = new Uint8Array(size).fill(erasedValue);
          for (const { at, bytes, aligned } of pieces) {
            const from = (aligned ? at - (at % sectorBytes) : at) % size;
            contents.set(bytes.subarray(0, size - from), from);
          }
          const flash = new MemoryFlash(geometry, contents);
          const device: LabDevice = { flash, config, judge: new ImageJudge({ signature: 'none' }) };
          expect(faultsOf((await mapFlash(device)).ranges, flash)).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('ranges that overlap, or reach beyond it, are cut to what is there', () => {
    const place = fc.record({ offsetBytes: fc.nat(9000), sizeBytes: fc.nat(9000) });
    const range = place.map((each) => ({
      ...each,
      kind: 'data' as const,
      area: undefined,
      title: 'some',
      words: ['words'],
    }));
    const area = place.map(({ offsetBytes, sizeBytes }) => ({
      name: 'area',
      offsetBytes,
      sizeBytes,
    }));
    fc.assert(
      fc.property(fc.array(range), fc.array(area), (ranges, areas) => {
        const sectors = [{ count: 8, sizeBytes: 1024 }];
        const flash = new MemoryFlash({ sectors, writeUnitBytes: 4, erasedValue: 0xff });
        flash.program(4000, new Uint8Array(500));
        expect(faultsOf(tileFlash(flash, { ranges, areas }), flash)).toEqual([]);
      }),
    );
  });

  test('riotboot: the same, with headers or without', () => {
    const layout = riotbootLayout({ romBytes: 0x5000, bootloaderBytes: 0x1000, headerBytes: 256 });
    const sectors = [{ count: 5, sizeBytes: 0x1000 }];
    const reader = riotbootReader(layout);
    fc.assert(
      fc.property(stretches, (pieces) => {
        const flash = new MemoryFlash(
          { sectors, writeUnitBytes: 4, erasedValue: 0xff },
          contentsOf(pieces),
        );
        expect(faultsOf(tileFlash(flash, reader.read(flash).known), flash)).toEqual([]);
      }),
    );
  });
});

function contentsOf(
  pieces: readonly { readonly at: number; readonly bytes: Uint8Array }[],
): Uint8Array {
  const contents = new Uint8Array(0x5000).fill(0xff);
  for (const { at, bytes } of pieces) contents.set(bytes, at);
  return contents;
}
