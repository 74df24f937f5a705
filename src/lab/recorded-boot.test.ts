import { describe, expect, test } from 'vitest';
import { ApplicationSide, ImageJudge, boot, placeOf } from '../boot/mcuboot/index.ts';
import type { Algorithm } from '../boot/mcuboot/index.ts';
import { powerCutKinds } from '../flash/index.ts';
import { signImage } from '../image/index.ts';
import { flashWith, layOut } from '../../test/support/mcuboot/bench.ts';
import { version } from '../../test/support/mcuboot/images.ts';
import {
  ERASED_PIECE,
  ImagePieces,
  OTHER_PIECE,
  bootAhead,
  dumpOf,
  explorePowerCuts,
  forkDevice,
  placeOfOperation,
  recordBoot,
  tellOperation,
} from './index.ts';
import type { LabDevice, RecordedBoot } from './index.ts';

const swaps = ['swap-using-move', 'swap-using-offset', 'swap-using-scratch'] as const;
const copying = [...swaps, 'overwrite-only'] as const;

/** An image of which no two pieces are alike. */
async function image(major: number, payloadBytes: number): Promise<Uint8Array> {
  let state = major * 7919;
  const payload = Uint8Array.from({ length: payloadBytes }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 16;
  });
  const options = { version: version(major), headerSize: 0x20, padHeader: true };
  return (await signImage(payload, options)).bytes;
}

/** Version 1 in the primary slot, version 2 in the secondary one and asked for. */
async function updating(algorithm: Algorithm, scratchSectors = 2): Promise<LabDevice> {
  const sizes = { sectorBytes: 1024, primarySectors: 6, writeUnitBytes: 4, scratchSectors };
  const layout = layOut({ algorithm, ...sizes });
  const flash = flashWith(layout, [await image(1, 1500), await image(2, 2300)]);
  const { config } = layout;
  new ApplicationSide(flash, config).setPending();
  return { flash, config, judge: new ImageJudge({ signature: 'none' }) };
}

/** All that is told of a boot. */
function told(recorded: RecordedBoot, pieces: ImagePieces): string[] {
  return recorded.operations.map((_, number) => {
    const { what = '', why = '' } = tellOperation({ boot: recorded, number, pieces }) ?? {};
    return `${what} | ${why}`;
  });
}

describe('a boot written down', () => {
  test.each(copying)('%s: is at each operation as the boot was', async (algorithm) => {
    const device = await updating(algorithm);
    const before = dumpOf(device.flash);
    const recorded = await recordBoot(device);
    expect(dumpOf(device.flash)).toEqual(before);
    const copy = forkDevice(device);
    const { flash, config, judge } = copy;
    const states: Uint8Array[] = [];
    const result = await boot({
      flash,
      config,
      judge,
      onOperation: () => states.push(dumpOf(flash)),
    });
    states.push(dumpOf(flash));
    expect(recorded.result).toEqual(result);
    expect(recorded.log.map(({ text }) => text)).toEqual(result.log);
    expect(recorded.operations.length).toBeGreaterThan(10);
    expect(recorded.runs.map(({ name }) => name)).toEqual(['2.0.0+0']);
    // forth, and back again
    const order = [...states.keys(), ...[...states.keys()].toReversed()];
    const wrong = order.filter((n) => !sameBytes(dumpOf(recorded.at(n).flash), states[n]));
    expect(wrong).toEqual([]);
  });

  test.each(swaps)('%s: cut anywhere it comes to what the exploration says', async (algorithm) => {
    const device = await updating(algorithm);
    const recorded = await recordBoot(device);
    const { cases, operations } = await explorePowerCuts(device, { twice: false });
    expect(recorded.operations.map(({ offsetBytes }) => offsetBytes)).toEqual(
      operations.map(({ offsetBytes }) => offsetBytes),
    );
    const ends: string[] = [];
    for (const { operation, kind, boots } of cases) {
      const cut = recorded.cut(operation, kind);
      const steps = await bootAhead(cut, { times: boots });
      const last = steps.at(-1);
      ends.push(`${operation} ${kind} ${last?.type === 'boot' ? last.version : ''}`);
    }
    expect(ends).toEqual(
      cases.map(({ operation, kind, atRest }) => `${operation} ${kind} ${atRest[0]}`),
    );
    expect(cases.length).toBe(recorded.operations.length * powerCutKinds.length);
  });

  test('knows no operation beyond its last, and none between two', async () => {
    const recorded = await recordBoot(await updating('swap-using-move'));
    const { length } = recorded.operations;
    for (const wrong of [-1, length + 1, 1.5]) {
      expect(() => recorded.at(wrong)).toThrow(/expected an operation from 0 to/);
    }
    expect(() => recorded.cut(length, 'clean')).toThrow(/expected an operation below/);
    expect(
      tellOperation({ boot: recorded, number: length, pieces: new ImagePieces(recorded.at(0)) }),
    ).toBe(undefined);
  });

  test('is given up where it does more than it may', async () => {
    await expect(
      recordBoot(await updating('swap-using-move'), { mostOperations: 5 }),
    ).rejects.toThrow('it does more than 5 operations');
  });

  test('says where each operation is', async () => {
    const device = await updating('swap-using-move');
    const recorded = await recordBoot(device);
    const [first] = recorded.operations;
    const { offsetBytes } = placeOf(device.config, 'primary0');
    expect(first && placeOfOperation(device, first)).toEqual({
      offsetBytes: offsetBytes + 5 * 1024,
      sizeBytes: 1024,
    });
  });
});

function sameBytes(one: Uint8Array, other: Uint8Array | undefined): boolean {
  return other !== undefined && Buffer.from(one).equals(other);
}

describe('operations in words', () => {
  test('swap using move: room, then the exchange, sector by sector', async () => {
    const device = await updating('swap-using-move');
    const pieces = new ImagePieces(device);
    const words = told(await recordBoot(device), pieces);
    const room =
      'test swap, making room: every sector of the primary slot moves up by one, the last first';
    expect(words.slice(0, 12)).toEqual([
      'erases sector 5 of primary0, 1.0 KiB (1024 bytes), with the trailer in it | test swap, before its first step is noted',
      'writes swap_info of the trailer of primary0 (0x17d8 of primary0): swap type test, image 0 | what kind of swap it is, for a boot after a power cut',
      'writes swap_size of the trailer of primary0 (0x17d0 of primary0): 2372 bytes of each slot are exchanged | how much is exchanged, for a boot after a power cut',
      'writes magic of the trailer of primary0 (0x17f0 of primary0): good: the fields below count (alignment 8) | from now on this trailer counts',
      'erases sector 5 of secondary0, 1.0 KiB (1024 bytes), with the trailer in it | test swap, before its first step is noted',
      'erases sector 3 of primary0, 1.0 KiB (1024 bytes) | test swap, before its first step is noted',
      'writes 1024 bytes into sector 3 of primary0, all of them erased | test swap, before its first step is noted',
      'writes swap_status of the trailer of primary0 (0x1788 of primary0): 1 of 18 entries written: 1 sectors moved up, 0 exchanged | a step is done: a boot after a power cut goes on behind it',
      `erases sector 2 of primary0, 1.0 KiB (1024 bytes) | ${room}; this is the 2nd of 3`,
      `writes 1024 bytes into sector 2 of primary0: version 1.0.0+0 from 0x400 on, as in sector 1 of primary0 | ${room}; this is the 2nd of 3`,
      'writes swap_status of the trailer of primary0 (0x178c of primary0): 2 of 18 entries written: 2 sectors moved up, 0 exchanged | a step is done: a boot after a power cut goes on behind it',
      `erases sector 1 of primary0, 1.0 KiB (1024 bytes) | ${room}; this is the 3rd of 3`,
    ]);
    expect(words.slice(14, 18)).toEqual([
      'erases sector 0 of primary0, 1.0 KiB (1024 bytes) | test swap, exchanging sector 0: the secondary one comes into the primary slot',
      'writes 1024 bytes into sector 0 of primary0: version 2.0.0+0 from 0x0 on, as in sector 0 of secondary0 | test swap, exchanging sector 0: the secondary one comes into the primary slot',
      'writes swap_status of the trailer of primary0 (0x17a0 of primary0): 4 of 18 entries written: 3 sectors moved up, 0 and a half exchanged | a step is done: a boot after a power cut goes on behind it',
      'erases sector 0 of secondary0, 1.0 KiB (1024 bytes) | test swap, exchanging sector 0: the one that had moved up goes into the secondary slot',
    ]);
    expect(words.at(-1)).toBe(
      'writes copy_done of the trailer of primary0 (0x17e0 of primary0): set | all is exchanged: the next boot need not go on',
    );
  });

  test('a revert marks the secondary slot first, and says what for', async () => {
    for (const algorithm of ['swap-using-move', 'swap-using-offset'] as const) {
      const device = await updating(algorithm);
      const pieces = new ImagePieces(device);
      const first = await recordBoot(device);
      const words = told(await recordBoot(first.at(first.operations.length)), pieces).join('\n');
      expect(words).toMatch(
        /(image_ok|copy_done) of the trailer of secondary0 .*: set \| .*does not end/,
      );
      expect(words).toMatch(/image_ok of the trailer of primary0 .*: set \| the image stays/);
    }
  });

  test('swap using scratch and offset name their steps', async () => {
    const scratch = await updating('swap-using-scratch', 1);
    const words = told(await recordBoot(scratch), new ImagePieces(scratch)).join('\n');
    expect(words).toContain(
      'writes 1024 bytes into sector 1 of secondary0: version 1.0.0+0 from 0x400 on, as in sector 1 of primary0 | test swap, 2nd group of sectors, the last group first: the primary one goes into the secondary slot',
    );
    expect(words).toMatch(
      /into sector \d of primary0: .*as in sector 0 of scratch \|.*what is in scratch comes/,
    );
    const offset = await updating('swap-using-offset');
    expect(told(await recordBoot(offset), new ImagePieces(offset)).join('\n')).toContain(
      'writes 1024 bytes into sector 1 of primary0: version 2.0.0+0 from 0x400 on, as in sector 2 of secondary0 | test swap, exchanging, 2nd of 3 sectors: the secondary one comes into the primary slot',
    );
  });
});

describe('pieces of images', () => {
  test.each(swaps)('%s: are found wherever the swap puts them', async (algorithm) => {
    const device = await updating(algorithm);
    const pieces = new ImagePieces(device);
    expect(pieces.images.map(({ version: name }) => name)).toEqual(['1.0.0+0', '2.0.0+0']);
    const recorded = await recordBoot(device);
    const after = recorded.at(recorded.operations.length).flash;
    const { offsetBytes, sizeBytes } = placeOf(device.config, 'primary0');
    const codes = pieces.codes(after, [offsetBytes, offsetBytes + sizeBytes]);
    const places = codes.map((code) => pieces.placeOf(code)).filter((place) => place !== undefined);
    expect(places).toEqual([0, 512, 1024, 1536, 2048].map((at) => ({ index: 1, offsetBytes: at })));
    expect(codes).toContain(ERASED_PIECE);
    // the trailer
    expect(codes.at(-1)).toBe(OTHER_PIECE);
  });
});
