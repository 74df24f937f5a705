import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { boardBench, everyPowerCut } from '../../src/testing/index.ts';
import type { BoardBench } from '../../src/testing/index.ts';
import { swapDump } from '../fixtures/machine/boot/boot.ts';
import type { BootloaderName } from '../fixtures/machine/boot/boot.ts';

/* Update tests of firmware in machine code, which the board of a bench executes on the bench's clock. */

const updating = (name: BootloaderName): Promise<BoardBench> =>
  boardBench('rpi_pico', { flash: swapDump(name), power: false });

async function update(bench: BoardBench): Promise<void> {
  await bench.powerOn();
  await bench.console.until('application 2.0.0');
}

async function isUpdated(bench: BoardBench): Promise<void> {
  await bench.console.until('application 2.0.0', { within: 5000 });
}

describe('a bench with machine code', () => {
  test('executes what is in its flash, on its own clock', async () => {
    const bench = await updating('careful');
    await update(bench);
    await bench.close();
    // nine sectors are erased, 45 ms each, and 16 pages programmed in each of them, 0.4 ms each
    expect(bench.timeMs).toBeGreaterThan(9 * 45);
    expect(bench.timeMs).toBeLessThan(9 * 45 * 2);
    expect(bench.console.lines).toEqual(expect.arrayContaining(['swap', 'start']));
  });

  test('every power cut of an update, page by page', async () => {
    const cuts = { every: 20, kinds: ['clean', 'torn', 'torn-tail'] } as const;
    const report = await everyPowerCut(() => updating('careful'), update, isUpdated, cuts);
    expect(report).toEqual({ operations: 160, tried: 25, kinds: cuts.kinds, complete: false });
    const lost = everyPowerCut(() => updating('hasty'), update, isUpdated, {
      from: 20,
      to: 20,
    });
    await expect(lost).rejects.toThrow(
      /1 of 2 power cuts went wrong, in 160 flash operations:\n {2}at operation 20 \(program 256 bytes at 0x100e0000, clean\): expected a line of the console with .*application 2/,
    );
  });

  test('a power cut in the middle of a download leaves what the C says', async () => {
    const dfu = readFileSync(new URL('../fixtures/machine/rp2040/built/dfu.bin', import.meta.url));
    const flash = new Uint8Array(0x200000).fill(0xff);
    flash.set(dfu);
    const image = Uint8Array.from({ length: 4096 }, (_, n) => n * 7);
    const report = await everyPowerCut(
      () => boardBench('rpi_pico', { flash }),
      (bench) => bench.download(image),
      async (bench, cut) => {
        const read = (await bench.upload()).subarray(0, image.length);
        expect(cut === undefined ? read : image).toEqual(image);
        await bench.download(image);
      },
      { every: 6, kinds: ['torn'] },
    );
    // a sector and its pages
    expect(report.operations).toBe(17);
  });
});
