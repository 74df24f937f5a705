import { describe, expect, test } from 'vitest';
import { tinyBoard } from '../../../test/support/tiny-board.ts';
import { DfuError } from '../../bytes/index.ts';
import { MemoryFlash } from '../../flash/index.ts';
import { VirtualClock } from '../../usb/index.ts';
import { BoardFlash } from './board-flash.ts';
import { Buttons, pinMode } from './button.ts';
import type { ButtonConfiguration } from './button.ts';
import { ConsoleLines } from './console-lines.ts';
import { BoardMemory, RetainedRam } from './retained-ram.ts';
import { Sensors } from './sensors.ts';
import { Watchdog } from './watchdog.ts';

describe('buttons', () => {
  /** What a bootloader sees: with all released, then with that button held. */
  const seen = (configuration: ButtonConfiguration, name?: string): boolean[] => {
    const buttons = new Buttons(tinyBoard);
    const before = buttons.seenPressed(configuration);
    buttons.set(true, name);
    return [before, buttons.seenPressed(configuration)];
  };

  test.each([
    ['the first, to ground with a pull-up', {}, 'BTN0', [false, true]],
    ['by its pin', { pin: 'P0' }, 'BTN0', [false, true]],
    ['to the supply with a pull-down', { pin: 'BTN1' }, 'BTN1', [false, true]],
    // RIOT looks for a low level with pull-ups only: a resistor of the board needs EXT_PULLUP.
    ['to ground, and the pull-up unknown', { pin: 'BTN2' }, 'BTN2', [true, false]],
    ['to ground, and the pull-up known', { pin: 'BTN2', extPullup: true }, 'BTN2', [false, true]],
    ['none, whatever is held', { none: true }, 'BTN0', [false, false]],
    ['another than is held', { pin: 'BTN1' }, 'BTN0', [false, false]],
    ['a loose pin that is pulled up', { pin: 'P9' }, 'BTN0', [false, false]],
    ['a loose pin that floats', { pin: 'P9', mode: 'GPIO_IN' }, 'BTN0', [false, false]],
    ['a pull-down against the button to ground', { mode: 'GPIO_IN_PD' }, 'BTN0', [false, false]],
  ] as const)('%s', (_, configuration, held, expected) => {
    expect(seen(configuration, held)).toEqual(expected);
  });

  test('a board without buttons sees none', () => {
    const buttons = new Buttons({ ...tinyBoard, buttons: [] });
    expect(buttons.seenPressed({})).toBe(false);
    expect(() => buttons.set(true)).toThrow('no button; the board has: none');
  });

  test('releases what was held, and knows no other names', () => {
    const buttons = new Buttons(tinyBoard);
    buttons.set(true);
    expect(buttons.isPressed('BTN0')).toBe(true);
    buttons.set(false);
    expect(buttons.isPressed('BTN0')).toBe(false);
    expect(() => buttons.set(true, 'BTN9')).toThrow('no button "BTN9"; the board has: BTN0, BTN1');
  });

  test('pin modes are RIOT words', () => {
    expect(pinMode('GPIO_OD_PU')).toBe('GPIO_OD_PU');
    expect(() => pinMode('PULLED')).toThrow('pin mode "PULLED": expected GPIO_IN, GPIO_IN_PD');
  });
});

describe('retained RAM', () => {
  test('keeps words at the top of RAM until the power goes', () => {
    const memory = new BoardMemory(tinyBoard.ram);
    const ram = new RetainedRam(memory);
    expect([ram.address, ram.sizeBytes]).toEqual([0x20003fc0, 64]);
    ram.writeWord(0x20003ffc, 0xdeadbeef);
    expect(ram.readWord(0x20003ffc)).toBe(0xdeadbeef);
    memory.lose();
    expect(ram.readWord(0x20003ffc)).toBe(0);
  });

  test('is the end of the whole RAM, once that is asked for', () => {
    const memory = new BoardMemory(tinyBoard.ram);
    const ram = new RetainedRam(memory);
    ram.writeWord(0x20003ffc, 0xdeadbeef);
    const { whole, registers } = memory;
    expect([whole.length, ...whole.subarray(-4)]).toEqual([0x4000, 0xef, 0xbe, 0xad, 0xde]);
    expect(whole.buffer).toBeInstanceOf(SharedArrayBuffer);
    whole[0x3ffc] = 1;
    whole[0] = 7;
    registers[0] = 9;
    expect([ram.readWord(0x20003ffc), memory.whole === whole]).toEqual([0xdeadbe01, true]);
    memory.lose();
    expect([ram.readWord(0x20003ffc), memory.whole[0], memory.registers[0]]).toEqual([0, 0, 0]);
  });

  test.each([0x20003fbc, 0x20003ffe, 0x20004000, 0x20003fc0 + 0.5])(
    'has no word at %f',
    (address) => {
      const ram = new RetainedRam(tinyBoard.ram);
      expect(() => ram.readWord(address)).toThrow('is no word of 0x20003fc0 and 63 bytes on');
      expect(() => ram.writeWord(address, 1)).toThrow(DfuError);
    },
  );
});

describe('sensors and actuators', () => {
  function made(): { sensors: Sensors; buttons: Buttons; told: (string | number)[][] } {
    const buttons = new Buttons(tinyBoard);
    const told: (string | number)[][] = [];
    const sensors = new Sensors(tinyBoard, buttons, ({ name }, value) => told.push([name, value]));
    return { sensors, buttons, told };
  }

  test('a lamp is on or off, and out after a reset', () => {
    const { sensors, told } = made();
    sensors.write(0, 200);
    expect(sensors.read(0)).toBe(1);
    sensors.reset();
    expect(sensors.read(0)).toBe(0);
    expect(told).toEqual([['lamp', 1]]);
  });

  test('a button reads as it is held', () => {
    const { sensors, buttons } = made();
    buttons.set(true);
    expect(sensors.read(1)).toBe(1);
  });

  test('what is measured is simulated, and stays through a reset', () => {
    const { sensors } = made();
    expect(sensors.read(2)).toBe(2000);
    sensors.simulate('heat', -1234);
    sensors.reset();
    expect(sensors.read(2)).toBe(-1234);
  });

  test('refuses what makes no sense', () => {
    const { sensors } = made();
    expect(() => sensors.write(2, 1)).toThrow('heat is a sensor and cannot be written');
    expect(() => sensors.write(0, 0x8000)).toThrow('lamp: expected a 16-bit number, got 32768');
    expect(() => sensors.simulate('lamp', 1)).toThrow('lamp is not a quantity');
    expect(() => sensors.simulate('heat', 0.5)).toThrow('heat: expected a 16-bit number');
    expect(() => sensors.read(9)).toThrow('no sensor 9 of 3');
    expect(() => sensors.simulate('smell', 1)).toThrow('no sensor "smell"; there is: lamp');
  });
});

describe('the flash as a program sees it', () => {
  function made(): { flash: MemoryFlash; seen: BoardFlash; lost: () => number; die: () => void } {
    const flash = new MemoryFlash(tinyBoard.flash);
    let lost = 0;
    let alive = true;
    const owner = { powerLost: () => void (lost += 1), alive: () => alive };
    return {
      flash,
      seen: new BoardFlash(flash, owner),
      lost: () => lost,
      die: () => void (alive = false),
    };
  }

  test('is the flash itself while the program lives', () => {
    const { flash, seen } = made();
    seen.program(0, Uint8Array.of(1, 2, 3, 4));
    const target = new Uint8Array(4);
    seen.readInto(0, target);
    expect([...target]).toEqual([1, 2, 3, 4]);
    seen.erase(0, 1024);
    expect(seen.read(0, 4)).toEqual(new Uint8Array(4).fill(0xff));
    expect([seen.busyUs, seen.sizeBytes]).toEqual([flash.busyUs, 0x10000]);
  });

  test('tells the board of a power cut, and of nothing else', () => {
    const { flash, seen, lost } = made();
    expect(() => seen.program(1, new Uint8Array(4))).toThrow(DfuError);
    expect(() => seen.erase(1, 5)).toThrow(DfuError);
    expect(lost()).toBe(0);
    flash.cutPowerAt(flash.operations);
    expect(() => seen.erase(0, 1024)).toThrow(DfuError);
    flash.restorePower();
    flash.cutPowerAt(flash.operations);
    expect(() => seen.program(0, new Uint8Array(4))).toThrow(DfuError);
    expect(lost()).toBe(2);
  });

  test('does nothing any more after a reset', () => {
    const { flash, seen, die } = made();
    die();
    const attempts = [
      () => seen.read(0, 4),
      () => seen.readInto(0, new Uint8Array(4)),
      () => seen.program(0, new Uint8Array(4)),
      () => seen.erase(0, 1024),
    ];
    for (const attempt of attempts) expect(attempt).toThrow('flash: the board was reset');
    expect(flash.operations).toBe(0);
  });
});

describe('the console', () => {
  function made(): { lines: string[]; console: ConsoleLines } {
    const lines: string[] = [];
    return { lines, console: new ConsoleLines((text) => lines.push(text)) };
  }

  test('puts pieces together into lines, whichever end they have', () => {
    const { lines, console } = made();
    for (const text of ['one', '\ntwo\r\nthr', 'ee\n\n']) console.write(text);
    expect(lines).toEqual(['one', 'two', 'three', '']);
  });

  test('shows at the end what has no end, once', () => {
    const { lines, console } = made();
    console.write('half');
    console.flush();
    console.flush();
    expect(lines).toEqual(['half']);
  });

  test('cuts a line that never ends', () => {
    const { lines, console } = made();
    console.write('x'.repeat(4096 * 2 + 5));
    console.flush();
    expect(lines.map(({ length }) => length)).toEqual([4096, 4096, 5]);
  });
});

describe('the watchdog', () => {
  function made(): { clock: VirtualClock; watchdog: Watchdog; told: string[] } {
    const clock = new VirtualClock();
    const told: string[] = [];
    const watchdog = new Watchdog(clock, 1000, () => told.push('bite'));
    watchdog.onWarning(() => told.push('warning'));
    return { clock, watchdog, told };
  }

  test('warns at half of its time and bites at the end, once', () => {
    const { clock, watchdog, told } = made();
    watchdog.start();
    clock.advance(499);
    expect(told).toEqual([]);
    clock.advance(500);
    expect(told).toEqual(['warning']);
    clock.advance(5000);
    expect(told).toEqual(['warning', 'bite']);
  });

  test('counts what this machine slept through once: an answer that came meanwhile is heard first', () => {
    const told: string[] = [];
    let now = 0;
    let due: { readonly time: number; readonly run: () => void } | undefined;
    const clock = {
      now: () => now,
      at: (time: number, run: () => void): (() => void) => {
        due = { time, run };
        return () => (due = undefined);
      },
    };
    const watchdog = new Watchdog(clock, 1000, () => told.push('bite'));
    watchdog.onWarning(() => told.push('warning'));
    const wakeAt = (time: number): void => {
      now = time;
      due?.run();
    };
    watchdog.start();
    wakeAt(9000);
    expect(told).toEqual(['warning']);
    expect(due?.time).toBe(9050);
    wakeAt(20_000);
    expect(told).toEqual(['warning']);
    watchdog.feed();
    expect(due?.time).toBe(20_500);
  });

  test('does not run while it is held, until it is fed or released', () => {
    const { clock, watchdog, told } = made();
    watchdog.hold();
    watchdog.feed();
    clock.advance(5000);
    expect(told).toEqual([]);
    watchdog.start();
    watchdog.hold();
    clock.advance(5000);
    expect(told).toEqual([]);
    watchdog.feed();
    clock.advance(999);
    expect(told).toEqual(['warning']);
    clock.advance(1);
    expect(told).toEqual(['warning', 'bite']);
    watchdog.start();
    watchdog.hold();
    watchdog.release();
    clock.advance(1000);
    expect(told.filter((each) => each === 'bite')).toHaveLength(2);
    watchdog.start();
    watchdog.hold();
    watchdog.stop();
    watchdog.feed();
    clock.advance(5000);
    expect(told.filter((each) => each === 'bite')).toHaveLength(2);
  });

  test('is held off by feeding, and not started by it', () => {
    const { clock, watchdog, told } = made();
    watchdog.feed();
    clock.advance(5000);
    watchdog.start();
    for (let fed = 0; fed < 5; fed += 1) {
      clock.advance(900);
      watchdog.feed();
    }
    watchdog.stop();
    clock.advance(5000);
    expect(told).toEqual(['warning', 'warning', 'warning', 'warning', 'warning']);
  });
});
