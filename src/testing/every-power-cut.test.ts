/* oxlint-disable typescript/await-thenable -- the rule looks for the symbol in the language's own library, not in Node's */
import { describe, expect, test } from 'vitest';
import { boardModel, firmwareImage, mcubootFirmware } from '../board/index.ts';
import { generateKey } from '../image/index.ts';
import type { PrivateKey } from '../image/index.ts';
import { ExpectationError, boardBench, everyPowerCut } from './index.ts';
import type { BoardBench } from './index.ts';

const program = new TextEncoder().encode('export const main = () => {};');
const upgrades = new TextEncoder().encode(
  'export const main = (board) => board.boot.requestUpgrade(false);',
);

const riot = boardModel('particle-xenon');
const riotImage = (slot: number, version: number): Uint8Array =>
  firmwareImage(program, { model: riot, bootloader: 'riotboot_dfu', slot, version });
const riotBench = (): Promise<BoardBench> =>
  boardBench('particle-xenon', { slots: [riotImage(0, 1)] });

async function enterDfu(bench: BoardBench): Promise<void> {
  await bench.boots({ version: 1 });
  await bench.reset({ button: true });
  await bench.boots({ mode: 'dfu' });
}

/** 1.0.0 asks for the update to what is in the other slot. */
async function zephyrSlots(key: PrivateKey): Promise<readonly Uint8Array[]> {
  const model = boardModel('reel_board');
  return [
    await mcubootFirmware(upgrades, { model, version: '1.0.0', key }),
    await mcubootFirmware(program, { model, version: '2.0.0', key }),
  ];
}

describe('every power cut', () => {
  test('of a download into the other slot of riotboot leaves a board that boots', async () => {
    const kinds = ['clean', 'torn', 'torn-tail'] as const;
    const report = await everyPowerCut(
      riotBench,
      async (bench) => {
        await enterDfu(bench);
        await bench.download(riotImage(1, 2), { slot: 1 });
      },
      (bench) => bench.boots(),
      { kinds },
    );
    expect(report).toEqual({ operations: 281, tried: 3 * 281 + 1, kinds, complete: true });
  });

  test('of a download over the only slot finds the loss, and says where', async () => {
    const lost = everyPowerCut(
      riotBench,
      async (bench) => {
        await enterDfu(bench);
        await bench.download(riotImage(0, 2), { slot: 0 });
      },
      (bench) => bench.boots(),
      { failures: 2 },
    );
    const error: unknown = await lost.catch((thrown: unknown) => thrown);
    if (!(error instanceof ExpectationError)) throw new Error('nothing was found');
    expect(error.message).toMatchInlineSnapshot(`
      "2 of 3 power cuts went wrong, in 285 flash operations; 283 more were not tried:
        at operation 1 (program 4 bytes at 0x00004004, clean): expected a boot with mode "application", got DFU mode (no valid slot; power-on)
        at operation 2 (program 4 bytes at 0x00004008, clean): expected a boot with mode "application", got DFU mode (no valid slot; power-on)

      The first of them:
      expected a boot with mode "application", got DFU mode (no valid slot; power-on)

      The console has said nothing.
      Last events:
        0.000 s  power on
        0.000 s  boot: the application version 1 in slot 0 (newest slot; power-on)
        0.000 s  boot: DFU mode (button; reset-pin)
        0.000 s  usb: state attached, id 1209:7d02
        0.000 s  usb: state configured, id 1209:7d02
        0.000 s  power cut (clean) at flash operation 1026: program at 0x00004004
        0.000 s  power on
        0.000 s  boot: DFU mode (no valid slot; power-on)
        0.000 s  usb: state attached, id 1209:7d02
        0.000 s  usb: state configured, id 1209:7d02"
    `);
    expect(error.failures.map(({ cut }) => cut?.operation)).toEqual([1, 2]);
    expect(error.stack).toMatch(/\n {4}at .*every-power-cut\.test\.ts/);
  });

  test('of a swap by MCUboot leaves a board that runs one of the two', async () => {
    const key = await generateKey('ed25519');
    await using bench = await boardBench('reel_board', { slots: await zephyrSlots(key), key });
    await bench.boots({ version: '1.0.0' });
    const report = await everyPowerCut(
      bench,
      async () => {
        await bench.reset();
        await bench.boots({ version: '2.0.0', why: 'test swap' });
      },
      async (after) => {
        await after.boots({ version: /^[12]\.0\.0/ });
        expect(after.flash.slots.some(({ image }) => image?.version === '1.0.0+0')).toBe(true);
      },
      { every: 16 },
    );
    expect(report.tried).toBe(Math.ceil(report.operations / 16) + 1);
    expect(report).toMatchObject({ complete: false, kinds: ['clean'] });
    expect(bench.flash.slots[0]?.image?.version).toBe('2.0.0+0');
  });

  test('can be a part of them', async () => {
    const seen: unknown[] = [];
    await using bench = await riotBench();
    const report = await everyPowerCut(
      bench,
      async () => {
        await enterDfu(bench);
        await bench.download(riotImage(1, 2), { slot: 1 });
      },
      async (after, cut) => {
        seen.push(cut && `${cut.operation} ${cut.type} ${cut.kind}`);
        expect(after.events.at(0)).toMatchObject({ type: 'power', on: true, sequence: 0 });
      },
      { from: 1, to: 7, every: 3 },
    );
    expect(report).toMatchObject({ tried: 4, complete: false });
    expect(seen).toEqual(['1 program clean', '4 program clean', '7 program clean', undefined]);
  });

  test.each([
    [{ kinds: [] }, 'expected "kinds" out of clean, torn, torn-tail, got none'],
    [{ from: -1 }, 'expected "from" 0 or more, got -1'],
    [{ from: 2, to: 1 }, 'expected "to" not below "from", got 1'],
    [{ every: 0 }, 'expected "every" 1 or more, got 0'],
    [{ every: 1, kind: 'torn' }, 'no option "kind", did you mean "kinds"?'],
    [{ failures: 0 }, 'expected "failures" 1 or more, got 0'],
    [{ from: 5000 }, 'within the 1025 operations of the steps, got 5000'],
  ])('but not %j', async (options, words) => {
    const tried = everyPowerCut(
      riotBench,
      (bench) => bench.program(Uint8Array.of(1, 2, 3, 4), { address: 0xff000 }),
      () => {},
      options,
    );
    await expect(tried).rejects.toThrow(words);
  });

  test('and not of steps that write nothing', async () => {
    const tried = everyPowerCut(riotBench, enterDfu, () => {});
    await expect(tried).rejects.toThrow('the steps have written nothing to flash');
  });
});
