import { describe, expect, test } from 'vitest';
import { FakeRunner } from '../../test/support/boards.ts';
import { tinyBoard } from '../../test/support/tiny-board.ts';
import { MemoryFlash } from '../flash/index.ts';
import { VirtualClock } from '../usb/index.ts';
import { NoBootloader } from './bootloaders/none/none.ts';
import { bootloaderOf } from './bootloaders/bootloaders.ts';
import type { Board } from './board.ts';
import { createBoard } from './create-board.ts';
import type { BoardOptions } from './create-board.ts';
import { boardModel, boardModels } from './models/catalogue.ts';
import { flashSizeBytes, targetOf } from './models/board-model.ts';
import type { BootloaderOrder } from './seams/bootloader-record.ts';

function order(options: Partial<BoardOptions>): Board {
  const flash = new MemoryFlash(tinyBoard.flash);
  const clock = new VirtualClock();
  return createBoard({ model: tinyBoard, flash, clock, runner: new FakeRunner(), ...options });
}

/** What the bootloader was ordered with. */
function ordered(options: Partial<BoardOptions>): BootloaderOrder {
  const orders: BootloaderOrder[] = [];
  const record = {
    ...bootloaderOf(tinyBoard, options.profile === undefined ? 'none' : 'stm32-rom'),
    make(each: BootloaderOrder) {
      orders.push(each);
      return new NoBootloader(each.model);
    },
  };
  order({ ...options, bootloader: record });
  const [first] = orders;
  if (first === undefined) throw new Error('no bootloader was made');
  return first;
}

describe('a board as it is ordered', () => {
  test('is had with its first bootloader, or the one that is asked for', () => {
    expect(order({}).bootloader).toBe('riotboot_dfu');
    expect(order({ bootloader: 'none' }).bootloader).toBe('none');
    expect(order({ mcuboot: { keys: [] }, bootloader: 'mcuboot' }).bootloader).toBe('mcuboot');
    expect(() => order({ bootloader: 'mcuboot' })).toThrow('expected the keys that it trusts');
  });

  test('or with any, by its record', () => {
    const bare = { ...tinyBoard, bootloaders: [] };
    expect(order({ model: bare, bootloader: bootloaderOf(tinyBoard) }).bootloader).toBe(
      'riotboot_dfu',
    );
  });

  test.each([
    [{ serial: '' }, 'expected 1 to 126 printable ASCII characters, got ""'],
    [{ serial: 'ä' }, 'got "ä"'],
    [{ usbId: '1209' }, 'expected'],
    [{ profile: 'loud' }, 'no profile "loud"; there is: '],
    [{ profile: 'toString' }, 'no profile "toString"'],
    [{ webUsb: false, landingPage: 'https://example.org' }, 'expected none without WebUSB'],
    [{ model: 'arduino' }, 'no board "arduino"; there is: particle-xenon, reel_board'],
  ])('%j is refused', (options, message) => {
    expect(() => order(options)).toThrow(message);
  });

  test('a profile of DfuSe is one for a loader that speaks it alone', () => {
    const loader = ordered({ profile: 'usbd-dfu' });
    expect([loader.profile?.name, loader.dfuse?.name]).toEqual(['compatible', 'usbd-dfu']);
    expect(() => order({ profile: 'stm32-rom' })).toThrow(/there is: (?!.*stm32-rom)/);
  });

  test('the order reaches the bootloader as it was given', () => {
    const given = { keepBootable: true, checkImages: false, refuseOlder: true, willDetach: false };
    expect(ordered({ ...given, usbId: '1:a', serial: 'S1' })).toMatchObject({
      ...given,
      usbId: { idVendor: 1, idProduct: 10 },
      serial: 'S1',
      dfuse: undefined,
    });
  });
});

describe('the catalogue', () => {
  test.each(boardModels.map((model) => [model.name, model] as const))('%s', (name, model) => {
    expect(boardModel(name)).toBe(model);
    expect(new MemoryFlash(model.flash).sizeBytes).toBe(flashSizeBytes(model.flash));
    expect(targetOf(model, 'riot')).toBe(name);
    expect(targetOf(model, 'zephyr')).toBe(model.zephyr?.target ?? name);
    const buttons = new Set(model.buttons.map((button) => button.name));
    for (const { button, initial } of model.sensors) {
      expect(button === undefined || buttons.has(button)).toBe(true);
      expect(Number.isInteger(initial)).toBe(true);
    }
    expect(new Set(model.sensors.map((sensor) => sensor.name)).size).toBe(model.sensors.length);
  });
});
