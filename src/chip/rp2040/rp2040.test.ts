import { describe, expect, test } from 'vitest';
import type { ChipBench } from '../../../test/support/machine/chip-bench.ts';
import { dfu, download } from '../../../test/support/machine/dfu-requests.ts';
import { machineFixture } from '../../../test/support/machine/fixture.ts';
import { rp2040Bench } from '../../../test/support/machine/rp2040-probe.ts';

const program = (name: string): Uint8Array => machineFixture(`rp2040/${name}.bin`);

/** Started with that program in its flash, and left alone until its host has looked at it. */
function running(name: string): ChipBench {
  const board = rp2040Bench({ 0: program(name) });
  board.plug();
  return board;
}

describe('a DFU device in machine code', () => {
  test('takes 16 KiB into its flash and gives them back', () => {
    const board = running('dfu');
    expect(board.console).toBe('fixture up, reason 0\n');
    expect(board.attached).toBeDefined();
    expect(board.pins.get('GPIO25')).toBe(true);

    const image = Uint8Array.from({ length: 0x4000 }, (_, n) => (n * 7) ^ (n >> 8));
    download(board, image);
    expect(board.flash.subarray(0x40000, 0x44000)).toEqual(image);
    expect(board.operations.filter((each) => each.startsWith('erase'))).toEqual(
      [0, 1, 2, 3].map((n) => `erase 4${n}000+1000`),
    );
    const upload = board.send(dfu.upload(0, 1024));
    expect(upload).toMatchObject({ end: 'in', bytes: image.subarray(0, 1024) });
    // 4 sectors of 45 ms, 64 pages of 0.4 ms.
    expect(board.chip.nowNs).toBeGreaterThan(4 * 45e6 + 64 * 0.4e6);
    expect(board.warnings).toEqual([]);
  });

  test('changes what is programmed only, page by page', () => {
    const board = running('dfu');
    download(
      board,
      Uint8Array.from({ length: 300 }, (_, n) => (n < 10 || n > 290 ? 0xff : n)),
    );
    // The rest of the block is 0xff, which changes nothing: first and last byte of each page that fall.
    expect(board.operations).toEqual(['erase 40000+1000', 'program 4000a+f5', 'program 40100+23']);
  });

  test('leaves by DETACH: the watchdog resets the chip, and says so at the next start', () => {
    const board = running('dfu');
    board.send(dfu.detach);
    expect(board.run(20)).toEqual({ why: 'reset', cause: 'watchdog' });
    board.console = '';
    board.start('watchdog');
    board.run(10);
    expect(board.console).toBe('fixture up, reason 2\n');
    board.console = '';
    board.start('reset-pin');
    board.run(10);
    expect(board.console).toBe('fixture up, reason 0\n');
  });

  test('goes no further than a power cut in a page', () => {
    const board = running('dfu');
    // Behind an erase, at the fifth page.
    board.onOperation = (number) => {
      if (number === 5) throw new Error('the power was lost');
    };
    expect(() => download(board, new Uint8Array(2048))).toThrow('the power was lost');
    expect(board.flash.subarray(0x40000, 0x40400)).toEqual(new Uint8Array(1024));
    expect(board.flash[0x40400]).toBe(0xff);
  });
});

describe('an application with a run-time interface', () => {
  test('comes back in DFU mode after DETACH, and as itself after the next', () => {
    const board = running('runtime');
    expect(board.console).toBe('application\n');
    board.send(dfu.detach);
    expect(board.run(20)).toEqual({ why: 'reset', cause: 'watchdog' });
    // The data line was let go before.
    expect(board.attached).toBeUndefined();
    board.start('watchdog');
    board.run(200);
    expect(board.console).toBe('application\ndetach\ndfu mode\n');
    download(board, new Uint8Array(3000).fill(5));
    expect(board.console).toMatch(/got it\n$/);
    board.send(dfu.detach);
    expect(board.run(20)).toEqual({ why: 'reset', cause: 'watchdog' });
    board.start('watchdog');
    board.run(20);
    expect(board.console).toMatch(/application\n$/);
  });

  test('has forgotten it after power-on', () => {
    const board = running('runtime');
    board.send(dfu.detach);
    board.run(20);
    board.start('power-on');
    board.run(20);
    expect(board.console).toMatch(/detach\napplication\n$/);
  });
});

describe('an application behind a boot loader', () => {
  test('takes its successor into slot 1, has it swapped in, confirms itself', () => {
    const board = rp2040Bench({ 0x10200: program('slot0-1.0.0') });
    board.start('power-on', { entry: 0x10010200 });
    board.plug();
    expect(board.console).toBe('version 1.0.0, slot 0 is not confirmed\n');
    const next = Uint8Array.from({ length: 5000 }, (_, n) => n & 0xff);
    download(board, next);
    expect(board.console).toMatch(/pending\n$/);
    expect(board.flash.subarray(0xe0000, 0xe0000 + 5000)).toEqual(next);
    expect([...board.flash.subarray(0x1afff0, 0x1afff4)]).toEqual([0x77, 0xc2, 0x95, 0xf3]);

    board.type('c');
    board.run(20);
    expect(board.flash[0xdffe8]).toBe(1);
    expect(board.console).toMatch(/confirmed\n$/);
    board.type('r');
    expect(board.run(20)).toEqual({ why: 'reset', cause: 'watchdog' });
    board.start('watchdog', { entry: 0x10010200 });
    board.run(60);
    expect(board.console).toMatch(/version 1.0.0, slot 0 is confirmed\n$/);
    expect(board.warnings).toEqual([]);
  });
});

describe('what goes wrong', () => {
  const crashing = (how: string): ChipBench => {
    const board = running('crash');
    board.type(how);
    return board;
  };

  test('a fault is told of, and is the program’s own to handle', () => {
    const board = crashing('f');
    expect(board.run(10)).toEqual({ why: 'reset', cause: 'software' });
    expect(board.console).toMatch(/fault\n$/);
    expect(board.chip.core.fault?.words).toMatch(/unaligned access to 0x20000001/);
    expect(board.chip.core.fault?.unmodelled).toBe(false);
  });

  test('a fault in its handler locks the chip up', () => {
    const board = crashing('l');
    const stop = board.run(10);
    expect(stop).toMatchObject({ why: 'fault' });
    // It stays so, while time goes on.
    const before = board.chip.nowNs;
    expect(board.chip.run(before + 5e6)).toBe(stop);
    expect(board.chip.nowNs).toBe(before + 5e6);
  });

  test('a hang is a hang; a watchdog ends it on the chip’s own time', () => {
    const hung = crashing('h');
    expect(hung.run(200).why).toBe('time');
    const watched = crashing('w');
    const before = watched.chip.nowNs;
    expect(watched.run(200)).toEqual({ why: 'reset', cause: 'watchdog' });
    expect(watched.chip.nowNs - before).toBeGreaterThan(50e6);
    expect(watched.chip.nowNs - before).toBeLessThan(51e6);
    watched.start('watchdog');
    watched.run(10);
    expect(watched.console).toMatch(/up, reason 1, double reset\n$/);
  });

  test('RAM outlives resets, and not power', () => {
    const board = crashing('s');
    expect(board.run(10)).toEqual({ why: 'reset', cause: 'software' });
    board.start('software');
    board.run(600);
    expect(board.console).toBe('up, reason 0\nup, reason 0, double reset\nquiet\n');
    board.start('reset-pin');
    board.run(10);
    board.start('power-on');
    board.run(10);
    expect(board.console).toMatch(/quiet\nup, reason 0\nup, reason 0\n$/);
  });

  test('the second stage is put into RAM at each start, over what was there', () => {
    const board = rp2040Bench({ 0: program('dfu') });
    for (const cause of ['power-on', 'watchdog', 'software', 'reset-pin'] as const) {
      board.ram.fill(0x55);
      board.retained.fill(cause === 'power-on' ? 0 : 0x55, 0, 16);
      board.start(cause);
      board.run(1);
      expect(board.ram.subarray(0x41f00, 0x42000)).toEqual(board.flash.subarray(0, 0x100));
    }
  });

  test('where nobody answers is a fault of the program', () => {
    const board = crashing('u');
    board.run(10);
    expect(board.chip.core.fault?.words).toBe('nobody answers at 0x60000000');
  });

  test('BOOTSEL mode is named, and what led to it', () => {
    const words = (board: ChipBench): string => {
      const stop = board.run(10);
      return stop.why === 'fault' ? stop.fault.words : stop.why;
    };
    expect(words(crashing('b'))).toMatch(/BOOTSEL mode.*the program called reset_usb_boot/);

    const empty = rp2040Bench();
    expect(words(empty)).toMatch(/the flash is empty/);

    const image = program('dfu');
    image[17] = 0;
    const broken = rp2040Bench({ 0: image });
    expect(words(broken)).toMatch(/no second stage with its checksum/);

    const held = rp2040Bench({ 0: program('dfu') });
    held.start('power-on', { pins: new Map([['BOOTSEL', false]]) });
    expect(words(held)).toMatch(/BOOTSEL is held/);
  });

  test('an order that no such chip can be made of is refused', () => {
    const board = rp2040Bench();
    const wrong = (more: object) => () => board.start('power-on', more);
    expect(wrong({ ram: new Uint8Array(100) })).toThrow(/270336 bytes of RAM, not 100/);
    expect(wrong({ rom: new Uint8Array(5) })).toThrow(/16384 bytes/);
    expect(wrong({ entry: 0x10000010 })).toThrow(/multiple of 256/);
    expect(wrong({ pins: new Map([['PA0', true]]) })).toThrow(/GPIO0 to GPIO29/);
    expect(wrong({ retained: new Uint8Array(2) })).toThrow(/40 bytes in registers/);
  });
});

describe('the flash beside it', () => {
  test('does at its edges what a SPI NOR does', () => {
    const board = running('nor');
    board.run(100);
    expect(board.console.trim().split('\n')).toEqual([
      'jedec ef4015',
      'unique 01020304',
      'erase without enable 00',
      // Enabled; busy with the erase, the latch is down; what came meanwhile was not heard.
      'enable, erase, busy 020100',
      'after ffffffff',
      // Eight bytes from 250 on: the last two went to the start of their page.
      'page end 11223344',
      'page start 7788ffff',
      'next page ffffffff',
      // 0xf0 over 0x11: only bits that fall.
      'over 10223344',
    ]);
    expect(board.warnings).toEqual([
      expect.stringMatching(
        /a 1 is programmed over a 0 at flash offset 0x1000fa \(sector 0x100000\)/,
      ),
    ]);
    expect(board.operations[0]).toBe('erase 100000+1000');
  });
});

describe('a ROM of the user’s', () => {
  test('is what the core starts in', () => {
    const rom = new Uint8Array(0x4000);
    // Its stack, its entry, and there a branch to itself.
    rom.set([0x00, 0x0f, 0x04, 0x20, 0x01, 0x02, 0x00, 0x00]);
    rom.set([0xfe, 0xe7], 0x200);
    const board = rp2040Bench({ 0: program('dfu') });
    board.start('power-on', { rom });
    expect(board.run(1).why).toBe('time');
    expect(board.chip.core.readRegister(15)).toBe(0x200);
    expect(board.chip.core.msp).toBe(0x20040f00);
    expect(board.chip.peek(0, 2)).toEqual(Uint8Array.of(0x00, 0x0f));
  });
});

describe('memory, from outside', () => {
  test('can be looked at and, if it is RAM, changed', () => {
    const board = running('dfu');
    expect(board.chip.peek(0x10000000, 4)).toEqual(board.flash.slice(0, 4));
    expect(board.chip.peek(0x20000000, 4)).toEqual(board.ram.slice(0, 4));
    // The last SETUP: GET_DESCRIPTOR.
    expect(board.chip.peek(0x50100000, 2)).toEqual(Uint8Array.of(0x80, 6));
    expect(board.chip.peek(0x40000000, 4)).toBeUndefined();
    expect(board.chip.peek(0x20041fff, 2)).toBeUndefined();
    expect(board.chip.poke(0x20000010, Uint8Array.of(1, 2))).toBe(true);
    expect([...board.ram.subarray(16, 18)]).toEqual([1, 2]);
    expect(board.chip.poke(0x10000000, Uint8Array.of(1))).toBe(false);
    expect(() => board.chip.uartInput(2, Uint8Array.of(1))).toThrow(/UART 0 and 1/);
  });
});
