import { beforeAll, describe, expect, test } from 'vitest';
import { ApplicationSide, placeOf } from '../boot/mcuboot/index.ts';
import type { Algorithm, BootConfig } from '../boot/mcuboot/index.ts';
import { MemoryFlash } from '../flash/index.ts';
import { generateKey } from '../image/index.ts';
import { forgeDevice, forgeImage } from '../../test/support/mcuboot/lab-bench.ts';
import {
  bootAhead,
  compareWear,
  describeState,
  drawCutMap,
  dumpOf,
  explainSlots,
  explorePowerCuts,
  findingVectors,
  fitImage,
  forkDevice,
  guessLayouts,
  inspectFlash,
  inspectRiotbootFlash,
  layoutDoubts,
  openDump,
  readTrailer,
  stageUpdate,
  vectorConfigOf,
} from './index.ts';
import type { CutReport, LabDevice } from './index.ts';
import { checkLayout } from './device.ts';

/** Eight sectors of 1 KiB: two slots of four, images of one sector. */
function small(algorithm: Algorithm, more: Partial<BootConfig> = {}): Promise<LabDevice> {
  return forgeDevice({ algorithm, primarySectors: 4, payloadBytes: 600 }, more);
}

/** The same with a test update pending. */
async function updating(algorithm: Algorithm = 'swap-using-move'): Promise<LabDevice> {
  const device = await small(algorithm);
  new ApplicationSide(device.flash, device.config).setPending();
  return device;
}

describe('what the next boots do', () => {
  test('an update on trial goes back unless it is confirmed', async () => {
    const device = await updating();
    const steps = await bootAhead(forkDevice(device), { times: 3 });
    expect(steps.map((step) => (step.type === 'boot' ? step.version : step.type))).toEqual([
      '2.0.0+0',
      '1.0.0+0',
      '1.0.0+0',
    ]);
    const lines: string[] = [];
    const options = {
      times: 3,
      confirmAfter: (n: number) => n === 1,
      onLog: (line: string) => void lines.push(line),
    };
    const kept = await bootAhead(device, options);
    expect(kept.map((step) => (step.type === 'boot' ? step.version : step.type))).toEqual([
      '2.0.0+0',
      'confirm',
      '2.0.0+0',
      '2.0.0+0',
    ]);
    expect(lines).toContain('I: Image index: 0, Swap type: test');
  });

  test('what a boot did is counted', async () => {
    const [step] = await bootAhead(await updating());
    if (step?.type !== 'boot') throw new Error('a boot expected');
    const erased = step.operations.filter(({ kind }) => kind === 'erase').length;
    expect(step.erases.reduce((sum, { erases }) => sum + erases, 0)).toBe(erased);
    const written = step.operations.filter(({ kind }) => kind === 'write');
    expect(step.bytesWritten).toBe(written.reduce((sum, each) => sum + each.lengthBytes, 0));
    expect(step.trailers.map(({ area }) => area)).toEqual(['primary0', 'secondary0']);
    expect(step.trailers[0]?.state).toMatchObject({ magic: 'good', copyDone: 'set' });
  });

  test('an update is put where the algorithm looks for it', async () => {
    for (const algorithm of ['swap-using-move', 'swap-using-offset'] as const) {
      const device = await small(algorithm);
      stageUpdate(device, await forgeImage(3, 500), { permanent: true });
      const [first, second] = await bootAhead(device, { times: 2 });
      expect([first, second]).toMatchObject([{ version: '3.0.0+0' }, { version: '3.0.0+0' }]);
    }
    const device = await small('swap-using-offset');
    const most = placeOf(device.config, 'secondary0').sizeBytes - 1024;
    expect(() => stageUpdate(device, new Uint8Array(most + 1), { permanent: true })).toThrow(
      `update: expected at most ${most} bytes, the secondary slot, got ${most + 1}`,
    );
  });
});

describe('one sentence says', () => {
  test('that an update waits, and that it goes back', async () => {
    expect(await describeState(await updating())).toBe(
      'Version 2.0.0+0 waits in the secondary slot to be tried once, over version 1.0.0+0; the ' +
        'next boot swaps it in and runs 2.0.0+0, the one after that goes back to 1.0.0+0 unless ' +
        '2.0.0+0 is confirmed.',
    );
  });

  test('that an image is on trial, installed, or gone', async () => {
    const trial = await updating();
    await bootAhead(trial);
    expect(await describeState(trial)).toContain('Version 2.0.0+0 is on trial, not confirmed yet');
    new ApplicationSide(trial.flash, trial.config).setConfirmed();
    expect(await describeState(trial)).toContain('Version 2.0.0+0 is installed and confirmed');
    expect(await describeState(await small('swap-using-move'))).toContain(
      'is installed, without a note of any swap; the next boot runs 1.0.0+0',
    );
    const empty = await small('swap-using-move');
    empty.flash.erase(0, 4096);
    expect(await describeState(empty)).toBe(
      'The primary slot is empty; the next boot finds nothing bootable.',
    );
  });

  test('what lies in slots that are run in place', async () => {
    expect(await describeState(await small('direct-xip'))).toBe(
      'The primary slot holds version 1.0.0+0, the secondary version 2.0.0+0; the next boot runs 2.0.0+0.',
    );
  });

  test('that an update for good is copied over', async () => {
    const device = await small('overwrite-only');
    new ApplicationSide(device.flash, device.config).setPending({ permanent: true });
    expect(await describeState(device)).toContain(
      'to be installed for good, over version 1.0.0+0; the next boot copies it over and runs 2.0.0+0',
    );
  });

  test('that a swap was cut', async () => {
    const device = await updating();
    const operations = device.flash.operations;
    device.flash.cutPowerAt(operations + 700);
    await bootAhead(device).catch(() => undefined);
    device.flash.restorePower();
    expect(await describeState(device)).toMatch(
      /^A test swap of \d+ bytes was cut while .*; the next boot goes on with it and runs 2\.0\.0\+0/,
    );
  });
});

describe('why an image', () => {
  test('runs, or stays: nothing asks for it', async () => {
    const slots = await explainSlots(await small('swap-using-move'));
    expect(slots).toMatchObject([
      { slot: 0, version: '1.0.0+0', fate: 'runs', check: undefined },
      { slot: 1, version: '2.0.0+0', fate: 'stays', check: 'request' },
    ]);
    expect(slots[1]?.reason).toMatch(/^request: nothing asks for it \(magic at 0x1ff0: unset/);
  });

  test('is swapped in, and the old one kept as the way back', async () => {
    expect(await explainSlots(await updating())).toMatchObject([
      { fate: 'stays' },
      { fate: 'runs', reason: 'every check passes; it is swapped in and runs at the next boot' },
    ]);
  });

  test('is refused: one damaged byte, a strange key', async () => {
    const device = await small('swap-using-move');
    const { offsetBytes } = placeOf(device.config, 'secondary0');
    const [byte = 0] = device.flash.read(offsetBytes + 100, 1);
    const dump = dumpOf(device.flash);
    dump[offsetBytes + 100] = byte ^ 1;
    const damaged = { ...device, flash: new MemoryFlash(device.flash.geometry, dump) };
    const [, second] = await explainSlots(damaged);
    expect(second).toMatchObject({ fate: 'refused', check: 'hash' });
    expect(second?.reason).toMatch(/; nothing asks for it either$/);
    const stranger = await generateKey('ed25519');
    const strange = await small('swap-using-move');
    const image = await forgeImage(3, 400, stranger);
    stageUpdate(strange, image, { permanent: false });
    const [, refused] = await explainSlots(strange);
    expect(refused).toMatchObject({ fate: 'refused', check: 'key-unknown' });
    expect(refused?.reason).toContain('; it knows ');
  });

  test('is none at all', async () => {
    const device = await small('swap-using-move');
    device.flash.erase(4096, 4096);
    expect((await explainSlots(device))[1]).toMatchObject({ fate: 'empty', version: undefined });
  });
});

describe('an inspection', () => {
  test('takes slots, images and trailers apart', async () => {
    const device = await updating('swap-using-offset');
    const { slots, swaps, trailers, sentences } = await inspectFlash(device);
    expect(slots).toMatchObject([
      { offsetBytes: 0, imageOffsetBytes: 0, state: 'valid', version: '1.0.0+0' },
      { offsetBytes: 4096, imageOffsetBytes: 1024, state: 'valid', version: '2.0.0+0' },
    ]);
    expect(slots[1]?.inspection?.signatures[0]).toMatchObject({ valid: true });
    expect(swaps).toEqual([{ image: 0, asked: 'test', underWay: undefined }]);
    expect(trailers.map(({ area }) => area)).toEqual(['primary0', 'secondary0']);
    expect(sentences).toEqual([await describeState(device)]);
  });

  test('tells the fields of a trailer in MCUboot’s words, from the lowest up', async () => {
    const device = await updating();
    await bootAhead(device);
    const { fields } = readTrailer(device, 'primary0');
    expect(fields.map(({ name, meaning }) => [name, meaning])).toEqual([
      ['swap_status', expect.stringMatching(/entries written: \d sectors moved up, \d exchanged$/)],
      ['swap_size', expect.stringMatching(/^\d+ bytes of each slot are exchanged$/)],
      ['swap_info', 'swap type test, image 0'],
      ['copy_done', 'set'],
      ['image_ok', 'not set'],
      ['magic', 'good: the fields below count (alignment 8)'],
    ]);
    const offsets = fields.map(({ offsetBytes }) => offsetBytes);
    expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
    expect(fields.at(-1)).toMatchObject({ offsetBytes: 4080, addressBytes: 4080, lengthBytes: 16 });
  });

  test('tells keys, sizes and a magic of another alignment', async () => {
    const device = await small('swap-using-offset', { encryption: { keyBytes: 16 } });
    const other = { ...device, config: { ...device.config, maxAlign: 16 as const } };
    new ApplicationSide(other.flash, other.config).setPending();
    const { fields } = readTrailer(device, 'secondary0');
    expect(fields.map(({ name }) => name)).toEqual(
      'swap_status enc_key1 enc_key0 swap_size unprotected_tlv_sizes swap_info copy_done image_ok magic'.split(
        ' ',
      ),
    );
    expect(fields.at(-1)?.meaning).toBe('bad: the magic of alignment 16, but this layout has 8');
    expect(fields[1]?.meaning).toBe('no key saved');
  });
});

describe('a layout', () => {
  test('is guessed from a dump: slots, algorithm by what the trailers say', async () => {
    const device = await forgeDevice({
      algorithm: 'swap-using-move',
      primarySectors: 4,
      payloadBytes: 1500,
    });
    new ApplicationSide(device.flash, device.config).setPending();
    await bootAhead(device);
    const [best] = await guessLayouts(dumpOf(device.flash), { sectorBytes: 1024 });
    expect(best?.layout.config).toMatchObject({
      algorithm: 'swap-using-move',
      images: device.config.images,
      maxAlign: 8,
    });
    expect(best?.evidence).toContain('the primary slot ends in a trailer magic');
    await expect(guessLayouts(new Uint8Array(4096).fill(0xff))).rejects.toThrow(
      'found none: nothing to guess from',
    );
  });

  test('that does not go with the dump is doubted', async () => {
    const device = await updating();
    await bootAhead(device);
    expect(await layoutDoubts(device.config, device.flash)).toEqual([]);
    const at = (sector: number): { offsetBytes: number; sizeBytes: number } => ({
      offsetBytes: sector * 1024,
      sizeBytes: 3072,
    });
    const wrong = { ...device.config, images: [{ primary: at(0), secondary: at(3) }] };
    const doubts = await layoutDoubts(wrong, device.flash);
    expect(doubts).toContain(
      'a trailer ends at 0x1000, where no slot of this layout ends (they do at 0xc00, 0x1800)',
    );
  });

  test.each([
    [{ scratch: undefined, algorithm: 'swap-using-scratch' }, 'needs a scratch area'],
    [{ maxImgSectors: 2000 }, 'do not fit into an area of 4096'],
    [
      {
        images: [
          {
            primary: { offsetBytes: 0, sizeBytes: 4096 },
            secondary: { offsetBytes: 3072, sizeBytes: 4096 },
          },
        ],
      },
      'primary0 reaches into secondary0',
    ],
    [
      {
        images: [
          {
            primary: { offsetBytes: 0, sizeBytes: 4096 },
            secondary: { offsetBytes: 4100, sizeBytes: 4096 },
          },
        ],
      },
      "expected secondary0 to begin and end at sectors' edges",
    ],
    [
      {
        images: [
          {
            primary: { offsetBytes: 0, sizeBytes: 4096 },
            secondary: { offsetBytes: 8192, sizeBytes: 4096 },
          },
        ],
      },
      'expected secondary0 within 0x2400 bytes of flash, got 0x2000 to 0x3000',
    ],
  ] as const)('%j cannot be', async (change, message) => {
    const { flash, config } = await small('swap-using-move');
    const layout = { geometry: flash.geometry, config: { ...config, ...change } as BootConfig };
    expect(() => checkLayout(layout)).toThrow(message);
  });

  test('goes with dumps of its own length only', async () => {
    const { flash, config } = await small('swap-using-move');
    const layout = { geometry: flash.geometry, config };
    expect(openDump(layout, dumpOf(flash)).sizeBytes).toBe(flash.sizeBytes);
    expect(() => openDump(layout, new Uint8Array(10))).toThrow('it is cut short');
    expect(() => openDump(layout, new Uint8Array(99999))).toThrow('it is of another layout');
    const coarse = { ...flash.geometry, writeUnitBytes: 16 };
    expect(() => checkLayout({ geometry: coarse, config })).toThrow('at least the write unit 16');
  });

  test.each([
    'swap-using-move',
    'swap-using-offset',
    'swap-using-scratch',
    'overwrite-only',
  ] as const)(
    '%s: a slot is laid out without gaps, and its largest image is no byte too big',
    async (algorithm) => {
      const { flash, config } = await small(algorithm);
      const layout = { geometry: flash.geometry, config };
      const { largestBytes, parts, slotBytes } = fitImage(layout);
      let at = 0;
      for (const { offsetBytes, lengthBytes } of parts) {
        expect(offsetBytes).toBe(at);
        at += lengthBytes;
      }
      expect(at).toBe(slotBytes);
      expect(fitImage(layout, largestBytes).overBytes).toBe(0);
      expect(fitImage(layout, largestBytes + 3).overBytes).toBe(3);
    },
  );
});

describe('wear', () => {
  test('is compared by what each algorithm does with these images', async () => {
    const device = await small('swap-using-move');
    const before = dumpOf(device.flash);
    // the secondary image lies where every algorithm but offset looks for it
    const found = await compareWear(device);
    expect(dumpOf(device.flash)).toEqual(before);
    const by = new Map(found.map((each) => [each.algorithm, each]));
    expect(by.get('swap-using-move')?.boots.map(({ what }) => what)).toEqual(['update', 'revert']);
    expect(by.get('overwrite-only')?.boots.map(({ what }) => what)).toEqual(['update']);
    const [update] = by.get('swap-using-scratch')?.boots ?? [];
    expect(update?.areas.map(({ area }) => area)).toEqual(['primary0', 'secondary0', 'scratch']);
    for (const { impossible, boots } of found) {
      expect(impossible).toBeUndefined();
      for (const { erases, areas, worst } of boots) {
        const all = areas.flatMap((each) => each.erases);
        expect(all.reduce((sum, each) => sum + each, 0)).toBe(erases);
        expect(Math.max(...all)).toBe(worst);
      }
    }
  });

  test('says what an algorithm cannot do, and wants two images', async () => {
    const full = await forgeDevice({
      algorithm: 'overwrite-only',
      primarySectors: 4,
      payloadBytes: 3500,
    });
    const found = await compareWear(full);
    expect(
      found.find(({ algorithm }) => algorithm === 'swap-using-move')?.impossible,
    ).toBeDefined();
    const single = await small('swap-using-move');
    single.flash.erase(4096, 4096);
    await expect(compareWear(single)).rejects.toThrow('the secondary slot has none');
  });
});

describe('power cuts', () => {
  let device: LabDevice;
  let report: CutReport;

  beforeAll(async () => {
    device = await updating('swap-using-scratch');
    await bootAhead(device);
    report = await explorePowerCuts(device);
  });

  test('are tried at each operation, in each way, and once more', () => {
    const { operations, cases, counts, pairs } = report;
    expect(cases.length).toBe(3 * operations.length);
    expect(pairs.length).toBe(operations.length);
    const all = (['clean', 'torn', 'torn-tail'] as const).flatMap((kind) =>
      Object.values(counts[kind]),
    );
    expect(all.reduce((sum, each) => sum + each, 0)).toBe(cases.length);
    expect(report.undisturbed).toMatchObject({ outcome: 'same', path: ['1.0.0+0'] });
  });

  test('lead to the same image after a swap by move', async () => {
    const { findings, counts } = await explorePowerCuts(await updating(), { twice: false });
    expect(findings).toEqual([]);
    expect(counts.clean.dead + counts.clean.halts + counts.clean.restless).toBe(0);
  });

  test('can be stopped', async () => {
    const signal = { aborted: false };
    const onProgress = (): void => void (signal.aborted = true);
    await expect(explorePowerCuts(device, { signal, onProgress })).rejects.toThrow('stopped');
  });

  test('are drawn: a strip for each kind, a rectangle for each operation', () => {
    const svg = drawCutMap(report, {
      sectors: device.flash.sectors,
      title: 'a < b & "c"',
      startOf: ({ area, offsetBytes }) => placeOf(device.config, area).offsetBytes + offsetBytes,
    });
    expect(svg).toContain('a &lt; b &amp; &quot;c&quot;');
    expect(svg.match(/data-operation=/g)?.length).toBe(report.operations.length);
    for (const name of ['clean', 'torn', 'torn-tail', 'two in a row']) {
      expect(svg).toContain(`data-cut="${name}"`);
    }
  });

  test('that end badly become vector files of boots that were done for real', async () => {
    expect(report.findings.length).toBeGreaterThan(0);
    const layout = { geometry: device.flash.geometry, config: device.config };
    const config = vectorConfigOf(layout, { signature: 'ed25519', publicKeys: ['k.pem'] });
    for (const [n, finding] of report.findings.entries()) {
      const { names, files } = await findingVectors(device, config, {
        report,
        finding,
        name: `f${n}`,
      });
      expect(names[0]).toBe(`boot/f${n}.json`);
      const torn = finding.cuts.some(({ kind }) => kind === 'torn-tail');
      const pair = finding.cuts.length > 1 && finding.cuts.some(({ kind }) => kind !== 'clean');
      expect(names.includes(`powercut/f${n}.json`)).toBe(!torn && !pair);
      const paths = files.map(({ path }) => path);
      const json = files.find(({ path }) => path === `boot/f${n}.json`);
      const { flashInitial, steps } = JSON.parse(String(json?.contents)) as {
        flashInitial: string;
        steps: { flashAfter: string; ops: string; opCount: number }[];
      };
      expect(paths).toContain(flashInitial);
      for (const { flashAfter, ops, opCount } of steps) {
        expect(paths).toContain(flashAfter);
        expect(ops.split(' ').filter((each) => each !== '').length).toBe(opCount);
      }
    }
  });

  test('with counters in hardware are no matter for files that cannot tell of them', async () => {
    const [finding] = report.findings;
    if (finding === undefined) throw new Error('a finding expected');
    const layout = { geometry: device.flash.geometry, config: device.config };
    const config = vectorConfigOf(layout, { signature: 'ed25519', publicKeys: [] });
    const clean = { ...finding, cuts: [{ operation: 0, kind: 'clean' as const }] };
    const given = { report, finding: clean, name: 'f' };
    const { names } = await findingVectors(device, config, given);
    expect(names).toEqual(['boot/f.json', 'powercut/f.json']);
    const counted = await findingVectors({ ...device, counters: [5] }, config, given);
    expect(counted.names).toEqual(['boot/f.json']);
  });
});

describe('riotboot', () => {
  test('with nothing in its slots boots nothing', () => {
    const geometry = {
      sectors: [{ count: 5, sizeBytes: 4096 }],
      writeUnitBytes: 4,
      erasedValue: 0xff,
    } as const;
    const slot = (index: number): object => ({
      index,
      offsetBytes: 4096 + 8192 * index,
      sizeBytes: 8192,
      address: 4096 + 8192 * index,
      imageAddress: 4352 + 8192 * index,
    });
    const layout = {
      flashBase: 0,
      bootloaderBytes: 4096,
      headerBytes: 256,
      slots: [slot(0), slot(1)],
    };
    const report = inspectRiotbootFlash(new MemoryFlash(geometry), layout as never);
    expect(report.sentence).toBe('No slot has a valid header; riotboot finds nothing to boot.');
    expect(report.slots.map(({ meaning }) => meaning)).toEqual(
      Array(2).fill('no image: the header does not begin with "RIOT"'),
    );
  });
});
