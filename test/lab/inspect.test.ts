import { describe, expect, test } from 'vitest';
import { ApplicationSide, ImageJudge, boot } from '../../src/boot/mcuboot/index.ts';
import { MemoryFlash } from '../../src/flash/index.ts';
import { generateKey } from '../../src/image/index.ts';
import {
  bootAhead,
  describeState,
  dumpOf,
  explainSlots,
  fitImage,
  forkDevice,
  guessLayouts,
  inspectFlash,
  openDump,
  readTrailer,
  readVectorConfig,
  vectorConfigOf,
} from '../../src/lab/index.ts';
import { install } from '../support/mcuboot/bench.ts';
import {
  forgeDevice,
  forgeImage,
  pending,
  scenario,
  vectorOf,
  vectors,
} from '../support/mcuboot/lab-bench.ts';
import { powerLost } from '../support/mcuboot/replay.ts';
import { configOf, contentsOf, geometryOf, hashOf } from '../support/mcuboot/vector-files.ts';

const seed = 'move-ed25519-w4-m8-seed-sequence';

// The device of the seed's sequence before each of its steps, and what a person should read of it.
const sentences: readonly (readonly [number, RegExp])[] = [
  [
    0,
    /^Version 1\.0\.0\+0 is installed, without a note of any swap; the next boot runs 1\.0\.0\+0\.$/,
  ],
  [
    2,
    /^Version 2\.0\.0\+0 waits .* to be tried once, over version 1\.0\.0\+0; the next boot swaps it in and runs 2\.0\.0\+0, the one after that goes back to 1\.0\.0\+0 unless 2\.0\.0\+0 is confirmed\.$/,
  ],
  [
    3,
    /^Version 2\.0\.0\+0 is on trial, not confirmed yet; the next boot swaps the old image back and runs 1\.0\.0\+0\.$/,
  ],
  [4, /^Version 1\.0\.0\+0 is installed and confirmed; the next boot runs 1\.0\.0\+0\.$/],
];

describe('the state of a device in one sentence', () => {
  test.each(sentences)('before step %i of the seed', async (step, expected) => {
    const device = await scenario(seed, step);
    const before = hashOf(device.flash);
    expect(await describeState(device)).toMatch(expected);
    expect(hashOf(device.flash)).toBe(before);
  });

  test('tells what a test of a bad image comes to', async () => {
    const words = await describeState(await pending('move-ed25519-w4-m8-bad-hash'));
    expect(words).toMatch(/does not take it \(hash: SHA256 at .*\) and runs 1\.0\.0\+0\.$/);
  });

  test('tells that a cut swap is gone on with', async () => {
    const device = await scenario(seed, 2);
    let left = 50;
    const onOperation = (): void => {
      if (left === 0) throw powerLost();
      left -= 1;
    };
    expect(
      (await boot({ flash: device.flash, config: device.config, judge: device.judge, onOperation }))
        .outcome,
    ).toBe('cut');
    const words = await describeState(device);
    expect(words).toMatch(
      /^A test swap of 23156 bytes was cut while \w+ .*goes on with it and runs 2/,
    );
  });

  test('of each image pair by itself', async () => {
    const report = await inspectFlash(await scenario('move-multi-only-1', 1));
    const [first, second] = report.sentences;
    expect(first).toMatch(
      /^Image 0: version 1\.0\.0\+0 is installed.*; the next boot runs 1\.0\.0\+0\.$/,
    );
    expect(second).toMatch(
      /^Image 1: version 2\.0\.0\+0 waits .* for good, .* swaps it in and runs 2\.0\.0\+0\.$/,
    );
  });

  test('tells that nothing boots', async () => {
    const device = await forgeDevice({ algorithm: 'swap-using-move' });
    device.flash.erase(0, 1024);
    expect(await describeState(device)).toMatch(
      /^The primary slot is empty; .* nothing bootable\.$/,
    );
    new ApplicationSide(device.flash, device.config).setPending();
    expect(await describeState(device)).toMatch(
      /over no image; the next boot finds nothing bootable/,
    );
  });

  test('tells that an unconfirmed image is about to be replaced', async () => {
    const device = await scenario(seed, 3);
    const image = vectors.bytes('images/new_ed25519_a4_m8.bin.gz');
    const { secondary } = device.config.images[0] ?? {
      secondary: { offsetBytes: 0, sizeBytes: 0 },
    };
    device.flash.erase(secondary.offsetBytes, secondary.sizeBytes);
    install(device.flash, secondary.offsetBytes, image);
    new ApplicationSide(device.flash, device.config).setPending();
    expect(await describeState(device)).toMatch(/is on trial, never confirmed, and already/);
  });
});

describe('a trailer, field by field', () => {
  test('after a test swap', async () => {
    const { fields } = readTrailer(await scenario(seed, 3), 'primary0');
    const told = fields.map(({ name, offsetBytes, addressBytes, hex, meaning }) => [
      name,
      offsetBytes,
      addressBytes - offsetBytes,
      hex,
      meaning,
    ]);
    expect(told.slice(1)).toEqual([
      ['swap_size', 0xffd0, 0xc000, '745a0000', '23156 bytes of each slot are exchanged'],
      ['swap_info', 0xffd8, 0xc000, '02', 'swap type test, image 0'],
      ['copy_done', 0xffe0, 0xc000, '01', 'set'],
      ['image_ok', 0xffe8, 0xc000, 'ff', 'not set'],
      [
        'magic',
        0xfff0,
        0xc000,
        '77c295f360d2ef7f3552500f2cb67980',
        'good: the fields below count (alignment 8)',
      ],
    ]);
    expect(told[0]?.[4]).toBe('18 of 384 entries written: 6 sectors moved up, 6 exchanged');
  });

  test('with the magic of another alignment', async () => {
    const device = await scenario(seed, 3);
    const wrong = { ...device, config: { ...device.config, maxAlign: 16 as const } };
    const { fields, state } = readTrailer(wrong, 'primary0');
    expect(state.magic).toBe('bad');
    expect(fields.at(-1)?.meaning).toMatch(/the magic of alignment 8, but this layout has 16/);
  });
});

// Scenarios whose update is refused or not taken, and what is said of the secondary image.
const refused: readonly (readonly [string, string, RegExp])[] = [
  ['move-ed25519-w4-m8-bad-hash', 'hash', /^hash: SHA256 at 0x[0-9a-f]+: expected/],
  ['move-ed25519-w4-m8-wrong-key', 'key-unknown', /is not in the bootloader; it knows no key/],
  ['move-ed25519-w4-m8-unsigned', 'signature-missing', /no ed25519 signature/],
  ['move-slot128k-max-plus-1', 'size', /, 1 too many; the largest image here has/],
  ['offset-ed25519-w4-m8-bad-signature', 'signature', /not key 0's signature/],
  ['move-downgrade-lower', 'version', /is lower than/],
];

describe('why an image is not taken', () => {
  test.each(refused)('%s: %s', async (name, check, reason) => {
    const [, found] = await explainSlots(await pending(name));
    expect(found).toMatchObject({ slot: 1, fate: 'refused', check });
    expect(found?.reason).toMatch(reason);
  });

  test('nothing asks for it', async () => {
    const [primary, secondary] = await explainSlots(await scenario(seed, 0));
    expect(primary?.fate).toBe('runs');
    expect(secondary).toMatchObject({ fate: 'stays', check: 'request' });
    expect(secondary?.reason).toMatch(/nothing asks for it \(magic at 0x2bff0: unset/);
  });

  test('a dependency that is not met', async () => {
    const device = await pending('move-multi-dep-only-0-pending-unmet');
    const found = await explainSlots(device);
    const waiting = found.find(({ fate }) => fate === 'waits');
    expect(waiting).toMatchObject({ image: 0, slot: 1, check: 'dependency' });
    expect(waiting?.reason).toMatch(/needs image 1 at \d+\.\d+\.\d+/);
  });

  test('a header whose sizes are impossible, by how much', async () => {
    const device = await forgeDevice({ algorithm: 'swap-using-move' });
    const dump = dumpOf(device.flash);
    const at = device.config.images[0]?.secondary.offsetBytes ?? 0;
    new DataView(dump.buffer).setUint32(at + 12, 0x4000, true);
    const broken = { ...device, flash: new MemoryFlash(device.flash.geometry, dump) };
    const [, found] = await explainSlots(broken);
    expect(found?.reason).toMatch(/payload 16384, .* are 6177 bytes too many for a slot of 10240/);
  });

  test('a key that is known by other names only', async () => {
    const device = await forgeDevice({ algorithm: 'swap-using-move' });
    const stranger = await generateKey('ed25519');
    const judge = new ImageJudge({ signature: 'ed25519', keys: [stranger] });
    const [found] = await explainSlots({ ...device, judge, keys: [stranger] });
    expect(found).toMatchObject({ fate: 'refused', check: 'key-unknown' });
    expect(found?.reason).toMatch(/is not in the bootloader; it knows [0-9a-f]{16}…/);
  });
});

describe('the next boots', () => {
  test('are those of the vectors: log, operations, state', async () => {
    const boots = vectorOf(seed).steps.slice(2, 4);
    const device = await scenario(seed, 2);
    const copy = forkDevice(device);
    const steps = (await bootAhead(copy, { times: 2 })).filter((step) => step.type === 'boot');
    expect(steps.map(({ result }) => result.log)).toEqual(boots.map(({ log }) => log));
    const counts = boots.map(({ ops = '' }) => ops.split(' ').length);
    expect(steps.map(({ operations }) => operations.length)).toEqual(counts);
    expect(steps.map(({ erases }) => erases.reduce((sum, each) => sum + each.erases, 0))).toEqual([
      20, 21,
    ]);
    expect(hashOf(copy.flash)).toBe(boots[1]?.flashAfterSha256);
  });

  test('do not revert what is confirmed in between', async () => {
    const device = forkDevice(await scenario(seed, 2));
    const steps = await bootAhead(device, { times: 3, confirmAfter: (n) => n === 1 });
    const versions = steps.flatMap((step) => (step.type === 'boot' ? [step.version] : []));
    expect(versions).toEqual(['2.0.0+0', '2.0.0+0', '2.0.0+0']);
  });
});

// The layouts that the C library was run with; each must be told from the dump alone.
const guessable = [
  [seed, 3, 'swap-using-move'],
  ['move-ed25519-w16-m16-seed-sequence', 3, 'swap-using-move'],
  ['move-ed25519-w32-m32-seed-sequence', 3, 'swap-using-move'],
  ['offset-ed25519-w4-m8-seed-sequence', 2, 'swap-using-offset'],
  ['offset-ed25519-w4-m8-seed-sequence', 3, 'swap-using-offset'],
  ['move-sector8192-seed-sequence', 3, 'swap-using-move'],
] as const;

describe('guessing a layout', () => {
  test.each(guessable)('%s before step %i', async (name, step, algorithm) => {
    const device = await scenario(name, step);
    const { config } = vectorOf(name);
    const [best] = await guessLayouts(dumpOf(device.flash));
    const expected = configOf(config);
    expect(best?.layout.config).toMatchObject({
      algorithm,
      images: expected.images,
      maxAlign: expected.maxAlign,
    });
    // the entries of a finished swap tell the size of the sectors
    const { sectors } = best?.layout.geometry ?? { sectors: [] };
    const told = step === 3 ? sectors : geometryOf(config).sectors;
    expect(told).toEqual(geometryOf(config).sectors);
    const guessed = {
      ...device,
      config: best?.layout.config ?? device.config,
      flash: new MemoryFlash(
        best?.layout.geometry ?? device.flash.geometry,
        contentsOf(device.flash),
      ),
    };
    // what matters of a layout: the same trailers are found in it
    const states = (of: typeof guessed): unknown =>
      (['primary0', 'secondary0'] as const).map((area) => readTrailer(of, area).state);
    expect(states(guessed)).toEqual(states({ ...device }));
  });

  test('of a dump without any image says what it looked for', async () => {
    await expect(guessLayouts(new Uint8Array(65536).fill(0xff))).rejects.toThrow(
      /expected an MCUboot image \(magic 0x96f3b83d\).*found none/,
    );
  });
});

describe('a layout', () => {
  test('survives the way through a vector file', () => {
    const { config } = vectorOf(seed);
    const read = readVectorConfig(config);
    const written = vectorConfigOf(read, { signature: 'ed25519', publicKeys: config.publicKeys });
    expect(written).toEqual(config);
  });

  test('of a dump that is cut short says what was expected', async () => {
    const { config, flash } = await scenario(seed, 0);
    const layout = { geometry: flash.geometry, config };
    expect(() => openDump(layout, new Uint8Array(1000))).toThrow(
      /expected 180224 bytes \(44 sectors of 4096\), got 1000: it is cut short/,
    );
  });

  test('with areas that overlap or miss the sectors is refused', async () => {
    const { config, flash } = await scenario(seed, 0);
    const at = (offsetBytes: number): Parameters<typeof openDump>[0] => ({
      geometry: flash.geometry,
      config: {
        ...config,
        images: [
          {
            primary: { offsetBytes: 0xc000, sizeBytes: 0x10000 },
            secondary: { offsetBytes, sizeBytes: 0x10000 },
          },
        ],
      },
    });
    const dump = contentsOf(flash);
    expect(() => openDump(at(0x1b000), dump)).toThrow(/primary0 reaches into secondary0/);
    expect(() => openDump(at(0x1b800), dump)).toThrow(
      /sectors' edges \(0x1b000 or 0x1c000\), got 0x1b800/,
    );
    expect(() => openDump(at(0x1d000), dump)).toThrow(/expected secondary0 within 0x2c000 bytes/);
  });
});

describe('what fits', () => {
  test.each(['move', 'offset', 'scratch'] as const)('%s: to the byte', async (name) => {
    const { config } = vectorOf(`${name}-slot128k-max`);
    const layout = { geometry: geometryOf(config), config: configOf(config) };
    const { largestBytes, parts, slotBytes } = fitImage(layout);
    expect(fitImage(layout, largestBytes).overBytes).toBe(0);
    expect(fitImage(layout, largestBytes + 7).overBytes).toBe(7);
    // the drawing has no gap and no overlap
    let end = 0;
    for (const part of parts) {
      expect(part.offsetBytes).toBe(end);
      end += part.lengthBytes;
    }
    expect(end).toBe(slotBytes);
  });
});

describe('everything of a dump', () => {
  test('has slots, records and trailers of both images', async () => {
    const device = await forgeDevice({ algorithm: 'swap-using-offset' });
    const report = await inspectFlash(device);
    expect(
      report.slots.map(({ version, state, imageOffsetBytes }) => [
        version,
        state,
        imageOffsetBytes,
      ]),
    ).toEqual([
      ['1.0.0+0', 'valid', 0],
      ['2.0.0+0', 'valid', 1024],
    ]);
    const [signature] = report.slots[1]?.inspection?.signatures ?? [];
    expect(signature).toMatchObject({ valid: true, signer: { from: 'given' } });
    expect(report.trailers.map(({ area }) => area)).toEqual(['primary0', 'secondary0']);
    expect(report.trailers[0]?.fields.map(({ name }) => name)).toContain('unprotected_tlv_sizes');
  });

  test('does not stumble over rubbish', async () => {
    const { config, flash, judge } = await forgeDevice({ algorithm: 'swap-using-scratch' });
    const rubbish = Uint8Array.from({ length: flash.sizeBytes }, (_, n) => (n * 2654435761) >>> 24);
    rubbish.set(await forgeImage(3, 100), 20);
    const device = { config, judge, flash: new MemoryFlash(flash.geometry, rubbish) };
    const { sentences: said, slots } = await inspectFlash(device);
    expect(said).toHaveLength(1);
    expect(slots.map(({ state }) => state)).toEqual(['refused', 'refused']);
  });
});
