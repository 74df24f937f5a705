import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { boardModel, createBoard } from '../index.ts';
import type { BoardEvent } from '../index.ts';
import { MemoryFlash } from '../../flash/index.ts';
import { generateKey, parseVersion, signImage } from '../../image/index.ts';
import type { PrivateKey } from '../../image/index.ts';
import { boardBench } from '../../testing/index.ts';
import type { BoardBench } from '../../testing/index.ts';
import { VirtualClock } from '../../usb/index.ts';
import { ran } from '../../../test/support/fake-terminal.ts';
import { machineFixture } from '../../../test/support/machine/fixture.ts';

const model = boardModel('rpi_pico');
const built = (name: string): Uint8Array => machineFixture(`rp2040/${name}.bin`);

/** The flash of a board that a programmer has put this into. */
function flashWith(name: string): MemoryFlash {
  return new MemoryFlash(model.flash, built(name));
}

const blob = (lengthBytes: number, seed = 1): Uint8Array =>
  Uint8Array.from({ length: lengthBytes }, (_, at) => (at * 7 + (at >> 8) * seed) & 0xff);

const MEDIUM = 0x40000;

const inFlash = (bench: BoardBench, from: number, lengthBytes: number): Uint8Array =>
  bench.flash.bytes.subarray(from, from + lengthBytes);

describe('a program in C on a rpi_pico', () => {
  test('takes 64 KiB into its flash and gives them back', async () => {
    const data = blob(0x10000);
    await using bench = await boardBench('rpi_pico', { flash: flashWith('dfu') });
    await bench.boots({ why: 'what is in flash' });
    await bench.download(data);
    expect(inFlash(bench, MEDIUM, data.length)).toEqual(new Uint8Array(data));
    const up = await bench.upload();
    expect([up.length, up.subarray(0, data.length)]).toEqual([0x40000, new Uint8Array(data)]);
    await bench.powerCut();
    // A page is one operation, and so is a sector.
    expect(await bench.event({ type: 'power', on: false })).toMatchObject({ operations: 256 + 16 });
  });

  test('detaches by a scratch register and its watchdog', async () => {
    await using bench = await boardBench('rpi_pico', { flash: flashWith('runtime') });
    await bench.boots({ cause: 'power-on' });
    await bench.event({ type: 'usb', state: 'configured', id: '1209:7d01' });
    await bench.detach();
    await bench.boots({ cause: 'watchdog' });
    await bench.event({ type: 'usb', state: 'configured', id: '1209:7d02' });
    await bench.download(blob(3000));
    await bench.console.until('got it');
    expect(inFlash(bench, MEDIUM, 3000)).toEqual(new Uint8Array(blob(3000)));
  });

  test('whose power is cut within a page leaves half of it, and is flashed again', async () => {
    const data = blob(8192, 3);
    await using bench = await boardBench('rpi_pico', { flash: flashWith('dfu') });
    await bench.event({ type: 'usb', state: 'configured' });
    await bench.powerCut({ afterOperations: 7, kind: 'torn' });
    await expect(bench.download(data)).rejects.toThrow('download');
    const off = await bench.event({ type: 'power', on: false });
    expect(off).toMatchObject({ cut: { operation: 7, type: 'program', bytes: 256, kind: 'torn' } });
    await bench.powerOn();
    const page = MEDIUM + 6 * 256;
    expect([...inFlash(bench, page, 256)]).toEqual([
      ...data.subarray(6 * 256, 6 * 256 + 128),
      ...new Uint8Array(128).fill(0xff),
    ]);
    await bench.event({ type: 'usb', state: 'configured' });
    await bench.download(data);
    expect(inFlash(bench, MEDIUM, data.length)).toEqual(new Uint8Array(data));
  });

  test('is the same each time', async () => {
    const run = async (): Promise<readonly unknown[]> => {
      await using bench = await boardBench('rpi_pico', { flash: flashWith('dfu') });
      await bench.event({ type: 'usb', state: 'configured' });
      await bench.download(blob(5000));
      return [bench.timeMs, ...bench.events];
    };
    expect(await run()).toEqual(await run());
  });

  test('lights its lamp, and is seen by what is printed', async () => {
    await using bench = await boardBench('rpi_pico', { flash: flashWith('dfu') });
    expect(await bench.event({ type: 'actuator', name: 'LED' })).toMatchObject({ value: 1 });
    expect((await bench.console.until('fixture up'))[0]).toBe('fixture up');
  });

  test('is not executed where a stand-in plays it', async () => {
    await using bench = await boardBench('rpi_pico', {
      flash: flashWith('dfu'),
      standIn: 'silent',
    });
    await bench.console.until('it is not executed');
    await bench.pass(1000);
    expect(bench.events.some(({ type }) => type === 'usb')).toBe(false);
  });

  test('does not start while BOOTSEL is held at a reset, and starts at the next one', async () => {
    await using bench = await boardBench('rpi_pico', { flash: flashWith('dfu') });
    await bench.console.until('fixture up');
    await bench.reset({ button: true });
    await bench.event({ type: 'fault', message: /BOOTSEL is held/ });
    await bench.reset();
    expect((await bench.console.until('fixture up'))[0]).toBe('fixture up');
  });

  test('that is none is a fault', () => {
    const flash = new MemoryFlash(model.flash, new Uint8Array(4096));
    const clock = new VirtualClock();
    const board = createBoard({ model, flash, clock, runner: [] });
    const events: BoardEvent[] = [];
    board.listen((event) => events.push(event));
    board.powerOn();
    clock.advance(10);
    expect(events.find(({ type }) => type === 'fault')).toMatchObject({
      message: expect.stringContaining('second stage') as string,
    });
  });

  test('of a board whose file knows the chip badly: a fault, or a word', () => {
    const ram = { ...model.ram, sizeBytes: 0x1000 };
    const buttons = model.buttons.map((button) => ({
      ...button,
      externalPull: 'up',
      pin: 'P0.11',
    }));
    const said = [{ ...model, ram }, { ...model, buttons } as typeof model].map((wrong) => {
      const clock = new VirtualClock();
      const flash = flashWith('dfu');
      const board = createBoard({ model: wrong, flash, clock, runner: [] });
      const words: string[] = [];
      board.listen((event) => {
        if (event.type === 'fault') words.push(event.message);
        if (event.type === 'console') words.push(event.text);
      });
      board.powerOn();
      clock.advance(10);
      board.setButton(true);
      return words.join('\n');
    });
    expect(said[0]).toContain('the chip cannot be started: an RP2040 has 270336 bytes of RAM');
    expect(said[1]).toContain('board: button: an RP2040 has the pins GPIO0 to GPIO29');
    expect(said[1]).toContain('fixture up');
  });

  test('that is not there does not start', async () => {
    await using bench = await boardBench('rpi_pico', { flash: new MemoryFlash(model.flash) });
    expect(await bench.boots({ mode: 'none' })).toMatchObject({ why: 'erased flash' });
  });
});

const folder = mkdtempSync(join(tmpdir(), 'machine-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe("dfukit's MCUboot in front of programs in C", () => {
  let key: PrivateKey;
  const signed: Record<string, Uint8Array> = {};

  beforeAll(async () => {
    key = await generateKey('ecdsa-p256');
    for (const version of ['1.0.0', '2.0.0']) {
      const code = built(`slot0-${version}`);
      const order = { version: parseVersion(version), headerSize: 0x200, padHeader: true, key };
      signed[version] = (await signImage(code, order)).bytes;
    }
  });

  const v1 = (): Uint8Array => signed['1.0.0'] ?? new Uint8Array(0);
  const v2 = (): Uint8Array => signed['2.0.0'] ?? new Uint8Array(0);

  /** What `flash inspect` says of what is in flash now. */
  async function said(bench: BoardBench): Promise<string> {
    const path = join(folder, 'dump.bin');
    writeFileSync(path, bench.flash.bytes);
    const layout = ['--board', 'rpi_pico', '--bootloader', 'mcuboot', '--algorithm', 'move'];
    const { out } = await ran(['flash', 'inspect', path, ...layout]);
    return out.split(' [')[0] ?? '';
  }

  test('a trial, a revert, and confirmed by the program itself', async () => {
    await using bench = await boardBench('rpi_pico', {
      bootloader: 'mcuboot',
      slots: [v1()],
      key,
      mcuboot: { mode: 'swap-using-move' },
    });
    const seen: string[] = [];
    const look = async (): Promise<void> => void seen.push(await said(bench));
    await bench.boots({ version: '1.0.0', why: 'primary slot' });
    await bench.console.until('version 1.0.0');
    await look();
    const update = async (): Promise<void> => {
      await bench.event({ type: 'usb', state: 'configured' });
      await bench.download(v2(), { alt: 'slot1_image' });
      await bench.console.until('pending');
      await look();
      await bench.reset();
      await bench.boots({ version: '2.0.0', why: 'test swap' });
      await look();
    };
    await update();
    await bench.reset();
    await bench.boots({ version: '1.0.0', why: 'revert' });
    await look();
    await update();
    await bench.event({ type: 'usb', state: 'configured' });
    await bench.input('c');
    await bench.console.until(/^confirmed$/);
    await look();
    await bench.reset();
    await bench.boots({ version: '2.0.0', why: 'primary slot' });
    await look();
    expect(seen).toMatchInlineSnapshot(`
      [
        "Version 1.0.0+0 is installed, without a note of any swap; the next boot runs 1.0.0+0.",
        "Version 2.0.0+0 waits in the secondary slot to be tried once, over version 1.0.0+0; the next boot swaps it in and runs 2.0.0+0, the one after that goes back to 1.0.0+0 unless 2.0.0+0 is confirmed.",
        "Version 2.0.0+0 is on trial, not confirmed yet; the next boot swaps the old image back and runs 1.0.0+0.",
        "Version 1.0.0+0 is installed and confirmed; the next boot runs 1.0.0+0.",
        "Version 2.0.0+0 waits in the secondary slot to be tried once, over version 1.0.0+0; the next boot swaps it in and runs 2.0.0+0, the one after that goes back to 1.0.0+0 unless 2.0.0+0 is confirmed.",
        "Version 2.0.0+0 is on trial, not confirmed yet; the next boot swaps the old image back and runs 1.0.0+0.",
        "Version 2.0.0+0 is installed and confirmed; the next boot runs 2.0.0+0.",
        "Version 2.0.0+0 is installed and confirmed; the next boot runs 2.0.0+0.",
      ]
    `);
  });
});
