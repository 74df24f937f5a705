import { describe, expect, test } from 'vitest';
import {
  WATCHDOG_MS,
  boardModel,
  bootloaderOf,
  createBoard,
  mcubootLayout,
  mcubootModes,
  plainFirmware,
  programFlash,
} from '../../src/board/index.ts';
import type { BoardEvent } from '../../src/board/index.ts';
import { PACKAGE_VERSION } from '../../src/bytes/index.ts';
import { swapUnderWay } from '../../src/boot/mcuboot/index.ts';
import { FlashImageMedium } from '../../src/board/media/flash-image-medium.ts';
import { MemoryFlash, partition } from '../../src/flash/index.ts';
import type { FlashOperation } from '../../src/flash/index.ts';
import { generateKey } from '../../src/image/index.ts';
import { VirtualClock } from '../../src/usb/index.ts';
import { TextRunner, mcubootBench } from '../support/mcuboot/board-bench.ts';
import type { McubootBench } from '../support/mcuboot/board-bench.ts';

const banner = `*** Booting dfukit v${PACKAGE_VERSION} ***`;
const hello = `${banner}\nHello World! reel_board@1/nrf52840`;
const sample = [
  banner,
  '[00:00:00.000,335] <inf> main: USBD message: VBUS ready',
  '[00:00:00.000,427] <inf> main: USB DFU sample is initialized',
].join('\n');

/** The two lines in front of the bootloader's own, which name this project. */
const opening = [
  `*** Booting MCUboot of dfukit v${PACKAGE_VERSION} ***`,
  `*** Using dfukit v${PACKAGE_VERSION} ***`,
];

/** Zephyr's boot logs of the USB DFU sample's documentation, from the third line on. */
const testBootLog = [
  'I: Starting bootloader',
  'I: Primary image: magic=good, swap_type=0x4, copy_done=0x1, image_ok=0x1',
  'I: Secondary image: magic=good, swap_type=0x2, copy_done=0x3, image_ok=0x3',
  'I: Boot source: none',
  'I: Image index: 0, Swap type: test',
  'I: Starting swap using move algorithm.',
  'I: Bootloader chainload address offset: 0xc000',
  'I: Image version: v0.0.0',
  'I: Jumping to the first image slot',
];
const revertLog = [
  'I: Starting bootloader',
  'I: Primary image: magic=good, swap_type=0x2, copy_done=0x1, image_ok=0x3',
  'I: Secondary image: magic=unset, swap_type=0x1, copy_done=0x3, image_ok=0x3',
  'I: Boot source: none',
  'I: Image index: 0, Swap type: revert',
  'I: Starting swap using move algorithm.',
  'I: Secondary image: magic=unset, swap_type=0x1, copy_done=0x3, image_ok=0x3',
  'I: Bootloader chainload address offset: 0xc000',
  'I: Image version: v0.0.0',
  'I: Jumping to the first image slot',
];

const reset = ({ board, booted }: McubootBench): Promise<BoardEvent> =>
  booted(() => board.pressReset());

/** The sample in slot 0 and running, an update in slot 1. */
async function withUpdate(bench: McubootBench, update = hello): Promise<void> {
  bench.program(await bench.image(sample), 0);
  bench.program(await bench.image(update), 1);
  await bench.booted(() => bench.board.powerOn());
}

describe('a reel_board with MCUboot', () => {
  test('prints the boot logs of a test boot and of its revert, line for line', async () => {
    const bench = mcubootBench();
    await withUpdate(bench);
    // an update that was tried and reverted before, as on the board of the documentation
    bench.runner.board.bootControl?.requestUpgrade(false);
    await reset(bench);
    await reset(bench);
    bench.program(await bench.image(hello), 1);
    bench.runner.board.bootControl?.requestUpgrade(false);
    bench.console();
    expect(await reset(bench)).toMatchObject({ mode: 'application', slot: 0, why: 'test swap' });
    expect(bench.console()).toEqual([...opening, ...testBootLog, ...hello.split('\n')]);
    expect(await reset(bench)).toMatchObject({ version: '0.0.0+0', why: 'revert' });
    expect(bench.console()).toEqual([...opening, ...revertLog, ...sample.split('\n')]);
    expect(await reset(bench)).toMatchObject({ why: 'primary slot' });
  });

  test('keeps an image that confirms itself, and one that was asked for permanently', async () => {
    const bench = mcubootBench();
    await withUpdate(bench);
    const control = (): NonNullable<typeof bench.runner.board.bootControl> => {
      const found = bench.runner.board.bootControl;
      if (found === undefined) throw new Error('no boot control');
      return found;
    };
    expect([control().swapType(), control().isConfirmed()]).toEqual(['none', true]);
    control().requestUpgrade(false);
    expect(control().swapType()).toBe('test');
    await reset(bench);
    expect([control().swapType(), control().isConfirmed()]).toEqual(['revert', false]);
    control().confirm();
    expect([control().swapType(), control().isConfirmed()]).toEqual(['none', true]);
    await reset(bench);
    expect(bench.console().at(-1)).toBe('Hello World! reel_board@1/nrf52840');

    control().eraseUpgrade();
    bench.program(await bench.image('the third', { version: '1.2.3+4' }), 1);
    control().requestUpgrade(true);
    expect(control().swapType()).toBe('perm');
    expect(await reset(bench)).toMatchObject({ version: '1.2.3+4', why: 'permanent swap' });
    expect(control().isConfirmed()).toBe(true);
    expect(await reset(bench)).toMatchObject({ version: '1.2.3+4', why: 'primary slot' });
  });

  test('resets a test image that hangs, and goes back to the one before', async () => {
    const bench = mcubootBench();
    await withUpdate(bench);
    bench.runner.board.bootControl?.requestUpgrade(false);
    await reset(bench);
    expect(bench.console().at(-1)).toBe('Hello World! reel_board@1/nrf52840');
    const bitten = await bench.booted(() => bench.clock.advance(WATCHDOG_MS));
    expect(bitten).toMatchObject({ cause: 'watchdog', why: 'revert' });
    expect(bench.console()).toEqual([...opening, ...revertLog, ...sample.split('\n')]);
  });

  test('stays where it is with an erased primary slot, and says why', async () => {
    const bench = mcubootBench();
    const boot = await bench.booted(() => bench.board.powerOn());
    expect(boot).toMatchObject({ mode: 'none', why: 'no bootable image' });
    expect(bench.console().at(-1)).toBe('E: Unable to find bootable image');
    bench.clock.advance(10 * WATCHDOG_MS);
    expect(bench.events.filter(({ type }) => type === 'boot')).toHaveLength(1);
  });

  test('does not take an image that somebody else signed, and stays with what it has', async () => {
    const bench = mcubootBench();
    await withUpdate(bench);
    const foreign = await bench.image('not ours', { key: await generateKey('ed25519') });
    bench.program(foreign, 1);
    bench.runner.board.bootControl?.requestUpgrade(true);
    bench.console();
    expect(await reset(bench)).toMatchObject({ mode: 'application', why: 'primary slot' });
    const log = bench.console();
    expect(log).toContain('E: Image in the secondary slot is not valid!');
    expect(log.at(-1)).toBe(sample.split('\n').at(-1));

    const alone = mcubootBench();
    alone.program(foreign, 0);
    const boot = await alone.booted(() => alone.board.powerOn());
    expect(boot).toMatchObject({ mode: 'none', why: 'no bootable image' });
    expect(alone.console()).toContain('E: Image in the primary slot is not valid!');
  });

  test('forgets a boot that a reset, a loss of power or its end has overtaken', async () => {
    const bench = mcubootBench();
    await withUpdate(bench);
    bench.runner.board.bootControl?.requestUpgrade(false);
    bench.console();
    // the first boot has only printed when the second begins
    bench.board.pressReset();
    const boot = await reset(bench);
    expect(boot).toMatchObject({ cause: 'reset-pin', why: 'test swap' });
    expect(bench.runner.started).toHaveLength(2);
    const starts = bench.console().filter((line) => line === 'I: Starting bootloader');
    expect(starts).toHaveLength(2);

    bench.board.pressReset();
    bench.board.powerCut();
    const before = bench.flash.operations;
    expect(await bench.booted(() => bench.board.powerOn())).toMatchObject({ why: 'revert' });
    expect(bench.flash.operations).toBeGreaterThan(before);
    bench.board.pressReset();
    await bench.board.close();
    expect(bench.runner.started).toHaveLength(3);
    expect(bench.board.isOn).toBe(false);
  });

  test.each(['clean', 'torn'] as const)(
    'finishes a swap that was cut (%s) at any operation, and reverts it unless confirmed',
    async (kind) => {
      const prepared = mcubootBench();
      await withUpdate(prepared);
      prepared.runner.board.bootControl?.requestUpgrade(false);
      prepared.board.powerCut();
      const { config } = mcubootLayout(boardModel('reel_board'));
      let resumed = 0;
      const cuts = await placesToCut(prepared.flash.fork());
      for (const at of cuts) {
        const flash = prepared.flash.fork();
        const bench = mcubootBench({ flash });
        const cut = await bench.booted(() => {
          bench.board.powerOn();
          bench.board.cutAfter(at, { kind });
        });
        expect(cut, `cut at ${at}`).toMatchObject({
          type: 'power',
          on: false,
          cut: { kind },
        });
        flash.restorePower();
        if (swapUnderWay(flash, config) !== undefined) resumed += 1;
        await bench.booted(() => bench.board.powerOn());
        // half of the last word is all of copy_done: the one trial of the image was over unseen
        const over = kind === 'torn' && at === cuts.at(-1);
        const ran = (over ? sample : hello).split('\n').at(-1);
        expect(bench.console().at(-1), `cut at ${at}`).toBe(ran);
        await reset(bench);
        expect(bench.console().at(-1), `cut at ${at}`).toBe(sample.split('\n').at(-1));
      }
      expect(cuts.length).toBeGreaterThan(30);
      expect(resumed).toBeGreaterThan(10);
    },
  );
});

/**
 * Where a swap is cut: at each erase, at the first and the last word of each run of words, and at each
 * 64th between, where only the number of copied words differs.
 */
async function placesToCut(flash: MemoryFlash): Promise<number[]> {
  const operations: FlashOperation[] = [];
  flash.watch = (operation) => {
    const { type, offsetBytes, lengthBytes, number } = operation;
    operations.push({ type, offsetBytes, lengthBytes, number });
  };
  const bench = mcubootBench({ flash });
  await bench.booted(() => bench.board.powerOn());
  const goesOn = (one?: FlashOperation, next?: FlashOperation): boolean =>
    one?.type === 'program' &&
    next?.type === 'program' &&
    one.offsetBytes + one.lengthBytes === next.offsetBytes;
  return [...operations.keys()].filter((at) => {
    const [before, here, after] = [operations[at - 1], operations[at], operations[at + 1]];
    return !goesOn(before, here) || !goesOn(here, after) || at % 64 === 0;
  });
}

const zero = { offsetBytes: 0, sizeBytes: 0 };

describe('other boards and modes', () => {
  test.each(['nucleo_u575zi_q', 'particle-xenon'])('%s swaps and reverts too', async (name) => {
    const bench = mcubootBench({ name });
    await withUpdate(bench);
    expect(bench.runner.board).toMatchObject({
      platform: 'zephyr',
      target: boardModel(name).zephyr?.target,
    });
    bench.runner.board.bootControl?.requestUpgrade(false);
    await reset(bench);
    const offset = name === 'nucleo_u575zi_q' ? '0x10000' : '0xc000';
    const log = bench.console();
    expect(log).toContain(`I: Bootloader chainload address offset: ${offset}`);
    expect(log.at(-1)).toBe(hello.split('\n')[1]);
    await reset(bench);
    expect(bench.console().at(-1)).toBe(sample.split('\n').at(-1));
  });

  test('direct-xip-with-revert erases an image without a trailer', async () => {
    const bench = mcubootBench({ mode: 'direct-xip-with-revert' });
    bench.program(await bench.image('old', { version: '1.0.0' }), 0);
    await bench.booted(() => bench.board.powerOn());
    expect(bench.events.at(-1)).toMatchObject({ mode: 'none', why: 'no bootable image' });
    expect(bench.flash.read(0xc000, 4)).toEqual(new Uint8Array(4).fill(0xff));
  });

  test.each(mcubootModes.slice(0, -1))('%s updates', async (mode) => {
    const bench = mcubootBench({ mode });
    const inPlace = mode.startsWith('direct-xip');
    bench.program(await bench.image('old', { version: '1.0.0' }), 0);
    await bench.booted(() => bench.board.powerOn());
    const image = await bench.image('new', { version: '2.0.0', slot: inPlace ? 1 : 0 });
    bench.program(image, 1);
    if (!inPlace) bench.runner.board.bootControl?.requestUpgrade(false);
    const boot = await reset(bench);
    expect(boot).toMatchObject({ version: '2.0.0+0', slot: inPlace ? 1 : 0 });
    expect(bench.console().at(-1)).toBe('new');
    await reset(bench);
    const reverts = mode.startsWith('swap-using');
    expect(bench.console().at(-1)).toBe(reverts ? 'old' : 'new');
  });

  test('an upload for swap using offset begins in the second sector, again and again', async () => {
    const bench = mcubootBench({ mode: 'swap-using-offset' });
    bench.program(await bench.image('first'), 0);
    await bench.booted(() => bench.board.powerOn());
    const { areas, flash, bootControl } = bench.runner.board;
    expect(areas).toContainEqual(
      expect.objectContaining({ name: 'image-1', address: 0x82000, uploadOffsetBytes: 0x1000 }),
    );
    bench.program(await bench.image('second'), 1);
    bootControl?.requestUpgrade(true);
    await reset(bench);
    expect(bench.console().at(-1)).toBe('second');
    // the first image now begins in the first sector, where it would be taken for the upload
    const header = flash.geometry.writeUnitBytes;
    expect([...bench.flash.read(0x82000, header)]).toEqual([0x3d, 0xb8, 0xf3, 0x96]);
    const area = partition(bench.runner.board.flash, 0x82000, 0x76000, 'image-1');
    const medium = new FlashImageMedium({ name: 'slot1', area, uploadOffsetBytes: 0x1000 });
    const third = await bench.image('third');
    expect(medium.begin()).toMatchObject({ status: 'OK' });
    expect(medium.write(0, third)).toMatchObject({ status: 'OK' });
    expect(medium.finish()).toMatchObject({ status: 'OK' });
    bench.runner.board.bootControl?.requestUpgrade(true);
    await reset(bench);
    expect(bench.console().at(-1)).toBe('third');
    bench.program(await bench.image('fourth'), 1);
    bench.runner.board.bootControl?.requestUpgrade(true);
    await reset(bench);
    expect(bench.console().at(-1)).toBe('fourth');
  });

  test('where MCUboot itself goes astray the board stops, and says why', async () => {
    const bench = mcubootBench({ mode: 'swap-using-scratch' });
    bench.program(await bench.image('old'), 0);
    // a status byte of a swap that no trailer knows of
    const { offsetBytes, sizeBytes } = mcubootLayout(boardModel('reel_board')).slots[0] ?? zero;
    bench.flash.program(offsetBytes + sizeBytes - 0x200, Uint8Array.of(1, 0xff, 0xff, 0xff));
    await bench.booted(() => bench.board.powerOn());
    expect(bench.events.slice(-2)).toEqual([
      { type: 'boot', cause: 'power-on', mode: 'none', why: 'bootloader stopped' },
      { type: 'fault', message: expect.stringMatching(/^bootloader: /) as string },
    ]);
    expect(bench.runner.started).toEqual([]);
  });

  test('without a bootloader what lies at the start of the flash runs', () => {
    const model = boardModel('reel_board');
    const flash = new MemoryFlash(model.flash);
    const runner = new TextRunner();
    const clock = new VirtualClock();
    const board = createBoard({ model, flash, clock, runner, bootloader: 'none' });
    const events: BoardEvent[] = [];
    board.listen((event) => events.push(event));
    board.powerOn();
    expect(events.at(-1)).toMatchObject({ mode: 'none', why: 'erased flash' });
    const layout = bootloaderOf(model, 'none').layout(model);
    const image = plainFirmware(new TextEncoder().encode('bare'), model);
    programFlash(flash, layout, image, { address: 0 });
    board.pressReset();
    expect(events).toContainEqual({
      type: 'boot',
      cause: 'reset-pin',
      mode: 'application',
      why: 'no bootloader',
    });
    expect(events.at(-1)).toEqual({ type: 'console', text: 'bare' });
    expect(runner.board.bootControl).toBeUndefined();
  });
});

describe('what is asked for wrongly', () => {
  const model = boardModel('reel_board');
  const parts = {
    model,
    flash: new MemoryFlash(model.flash),
    clock: new VirtualClock(),
    runner: new TextRunner(),
  };

  test('keys that MCUboot cannot trust together', async () => {
    const [one, other] = [await generateKey('ed25519'), await generateKey('ecdsa-p256')];
    expect(() => createBoard(parts)).toThrow(/expected the keys that it trusts/);
    expect(() => createBoard({ ...parts, mcuboot: { keys: [one, other] } })).toThrow(
      'expected keys of one kind that signs, got ed25519, ecdsa-p256',
    );
    const agreement = await generateKey('x25519');
    expect(() => createBoard({ ...parts, mcuboot: { keys: [agreement] } })).toThrow(/got x25519/);
  });

  test('images and slots that are not there', async () => {
    const bench = mcubootBench();
    const layout = mcubootLayout(model);
    const image = await bench.image('x');
    expect(() => programFlash(bench.flash, layout, image, { slot: 2 })).toThrow(
      'expected a slot below 2, got slot 2',
    );
    expect(() => programFlash(bench.flash, layout, Uint8Array.of(1, 2, 3))).toThrow(
      'the image has no header',
    );
    expect(() => programFlash(bench.flash, layout, image, { address: 0 })).toThrow(
      /up to 0xc000 lies the bootloader/,
    );
    await expect(bench.image('x', { version: '1.x' })).rejects.toThrow(/version/i);
    await expect(bench.image('x'.repeat(0x76000))).rejects.toThrow(/does not fit into a slot/);
    expect(programFlash(bench.flash, layout, image)).toMatchObject({ slot: 0, address: 0xc000 });
  });
});
