import { describe, expect, test } from 'vitest';
import { tinyBoard } from '../../../../test/support/tiny-board.ts';
import { STM32F072, STM32_MAGIC_NUMBER, stm32MagicAddress } from '../../../boot/stm32/index.ts';
import { fromHex } from '../../../bytes/index.ts';
import { DFUSE_COMPATIBLE } from '../../../device/index.ts';
import { MemoryFlash } from '../../../flash/index.ts';
import { connect, downloadDfuSe, scan } from '../../../host/index.ts';
import type { DfuSession } from '../../../host/index.ts';
import { LoopbackBus } from '../../../link/loopback/index.ts';
import { VirtualClock } from '../../../usb/index.ts';
import { RetainedRam } from '../../hardware/retained-ram.ts';
import { boardModel } from '../../models/catalogue.ts';
import type { BoardModel } from '../../models/board-model.ts';
import type { BootDecision } from '../../seams/bootloader.ts';
import type { BootloaderOrder } from '../../seams/bootloader-record.ts';
import { plainFirmware } from '../plain.ts';
import { Stm32Bootloader } from './stm32.ts';

const BASE = 0x08000000;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** A program of an even number of bytes. */
const boxed = (model: BoardModel): Uint8Array => plainFirmware(Uint8Array.of(0x20, 0x20), model);
const image = plainFirmware(new TextEncoder().encode('some program'), tinyBoard);

class Bench {
  readonly clock = new VirtualClock();
  readonly flash = new MemoryFlash(tinyBoard.flash);
  readonly retainedRam = new RetainedRam(tinyBoard.ram);
  readonly told: (string | readonly number[])[] = [];
  readonly bus = new LoopbackBus(this.clock, { manner: 'linux' });
  readonly bootloader: Stm32Bootloader;

  constructor(order: Partial<BootloaderOrder> = {}) {
    this.bootloader = new Stm32Bootloader({ model: tinyBoard, serial: 'ABC', ...order });
  }

  start(buttonPressed = false): BootDecision {
    const { flash, retainedRam } = this;
    const print = (): void => {};
    return this.bootloader.decide({ model: tinyBoard, flash, retainedRam, print, buttonPressed });
  }

  /** Plugs the loader in and does that with it. */
  run(work: (session: DfuSession) => Promise<unknown>): Promise<unknown> {
    const { bootloader, bus, clock, flash, told } = this;
    const device = bootloader.dfuMode(flash, {
      downloaded: (slot, bytes) => told.push([slot ?? -1, bytes]),
      refused: (slot, { status, bytes }) => told.push(`refused ${slot}, ${bytes}: ${status}`),
      left: () => told.push('left'),
      again: () => told.push('again'),
    });
    bus.plug(device);
    const whole = async (): Promise<unknown> => {
      const session = await connect(bus, { clock, selection: { alternate: 0 } });
      try {
        return await work(session);
      } finally {
        await session.close();
      }
    };
    return clock.run(whole(), turn);
  }
}

describe('where the chip starts', () => {
  test('in the loader, an application, or the loader by the pin', () => {
    const bench = new Bench();
    expect(bench.start()).toEqual({ mode: 'dfu', why: 'no application' });
    bench.flash.program(0, image);
    const application = { mode: 'application', why: 'application', entryAddress: BASE };
    expect(bench.start()).toEqual(application);
    expect(bench.start(true)).toEqual({ mode: 'dfu', why: 'button' });
    expect(bench.start()).toEqual(application);
  });

  test('in the loader by the magic number, that once', () => {
    const bench = new Bench();
    bench.flash.program(0, image);
    const { retainedRam } = bench;
    bench.bootloader.requestDfuMode({ model: tinyBoard, retainedRam });
    expect(bench.start()).toEqual({ mode: 'dfu', why: 'magic number' });
    expect(bench.start()).toMatchObject({ mode: 'application' });
  });
});

describe('the magic number in RAM of a chip that is executed', () => {
  const model = boardModel('stm32f072b_disco');
  const machineCode = fromHex('00400020 41000008');

  function started(
    program: Uint8Array,
    leave: (bootloader: Stm32Bootloader, retainedRam: RetainedRam) => void,
  ): string[] {
    const flash = new MemoryFlash(model.flash);
    flash.program(0, program);
    const retainedRam = new RetainedRam(model.ram);
    const bootloader = new Stm32Bootloader({ model, serial: 'ABC' });
    leave(bootloader, retainedRam);
    const around = { model, flash, retainedRam, print: () => {}, buttonPressed: false };
    return [bootloader.decide(around), bootloader.decide(around)].map(({ why }) => why);
  }

  test.each([
    ['machine code finds it by itself', machineCode, ['application', 'application']],
    ['a program in a box has it found', boxed(model), ['magic number', 'application']],
  ])('%s', (_, program, reasons) => {
    const left = started(program, (_bootloader, retainedRam) =>
      retainedRam.writeWord(stm32MagicAddress(model.ram), STM32_MAGIC_NUMBER),
    );
    expect(left).toEqual(reasons);
  });

  test('counts where the board has left it, whatever its program is', () => {
    const left = started(machineCode, (bootloader, retainedRam) =>
      bootloader.requestDfuMode({ model, retainedRam }),
    );
    expect(left).toEqual(['magic number', 'application']);
  });
});

describe('the loader', () => {
  test('takes a download and jumps to it', async () => {
    const bench = new Bench();
    await bench.run((session) =>
      downloadDfuSe(session, [{ address: BASE, data: image }], { leave: true, address: BASE }),
    );
    expect(bench.flash.read(0, image.length)).toEqual(image);
    expect(bench.told).toEqual([[0, image.length], 'left']);
    expect(bench.start()).toEqual({
      mode: 'application',
      why: 'left the loader',
      entryAddress: BASE,
    });
    expect(bench.start()).toMatchObject({ why: 'application' });
  });

  test('left for an address outside of flash, it resets', async () => {
    const bench = new Bench();
    await bench.run((session) =>
      downloadDfuSe(session, [{ address: BASE, data: image }], {
        leave: true,
        address: STM32F072.optionAddress,
      }),
    );
    expect(bench.told).toEqual([[0, image.length], 'left']);
    expect(bench.start()).toMatchObject({ mode: 'application', why: 'application' });
  });

  test.each([
    ['as the maker has it', {}, ['483 df11', 'ABC']],
    ['with ids of its own', { usbId: { idVendor: 1, idProduct: 2 } }, ['1 2', 'ABC']],
    [
      'without a serial number',
      { usbIdentity: { os: undefined, serial: 'never' }, dfuse: DFUSE_COMPATIBLE },
      ['483 df11', 'UNKNOWN'],
    ],
  ] as const)('is listed %s', async (_, order, expected) => {
    const bench = new Bench(order);
    const { bus, clock, flash, bootloader } = bench;
    const nothing = (): void => {};
    const events = { downloaded: nothing, refused: nothing, left: nothing, again: nothing };
    bus.plug(bootloader.dfuMode(flash, events));
    const { entries } = await clock.run(scan(bus, { clock }), turn);
    const listed = entries.map(({ idVendor, idProduct, serial }) => [
      [idVendor, idProduct].map((id) => id.toString(16)).join(' '),
      serial,
    ]);
    expect(listed).toEqual([expected, expected]);
  });

  test.each([
    [true, 255],
    [false, 5000],
  ])('bitWillDetach %s: a host has %i ms', (willDetach, wDetachTimeOut) => {
    const { dfu } = new Bench({ willDetach }).bootloader;
    expect(dfu.functional).toMatchObject({ bmAttributes: { willDetach }, wDetachTimeOut });
  });
});
