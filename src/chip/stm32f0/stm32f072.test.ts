import { describe, expect, test } from 'vitest';
import { ChipBench } from '../../../test/support/machine/chip-bench.ts';
import { dfu, status } from '../../../test/support/machine/dfu-requests.ts';
import { machineFixture } from '../../../test/support/machine/fixture.ts';
import { RegisterProbe } from '../../../test/support/machine/register-probe.ts';
import { chipModel } from '../catalogue.ts';
import { FLASH, FLASH_BYTES, LOADER_ENTRY, interrupts } from './addresses.ts';
import { stm32f072 } from './stm32f072.ts';

const bench = (name: string): ChipBench =>
  new ChipBench(stm32f072, FLASH_BYTES, { 0: machineFixture(`stm32f0/${name}.bin`) });

const SET_CONFIGURATION = [0, 9, 1, 0, 0, 0, 0, 0];

test('is in the catalogue under the name that boards have for it', () => {
  expect(chipModel('STM32F072')).toBe(stm32f072);
});

describe('a whole DFU device', () => {
  const pattern = (length: number, seed: number): Uint8Array =>
    Uint8Array.from({ length }, (_, at) => (at * 7 + seed) & 0xff);

  function downloading(): ChipBench {
    const chip = bench('dfu');
    chip.until('up');
    chip.plug();
    expect(chip.send(SET_CONFIGURATION)).toEqual({ end: 'done' });
    return chip;
  }

  test('enumerates', () => {
    const chip = bench('dfu');
    chip.until('\n');
    expect(chip.console).toBe('dfu fixture up, csr=0c800000\n');
    expect(chip.attached).toBeUndefined();
    chip.plug();
    expect(chip.attached?.device.slice(8, 12)).toEqual(Uint8Array.of(9, 0x12, 2, 0x7d));
    expect(chip.send([0x80, 6, 2, 3, 9, 4, 255, 0])).toMatchObject({
      end: 'in',
      bytes: { length: 2 + 2 * 'fixture stm32f0'.length },
    });
    expect(chip.send([0x80, 6, 0, 6, 0, 0, 10, 0])).toEqual({ end: 'stall', stage: 'data' });
    expect(chip.warnings).toEqual([]);
  });

  test('takes what it is given into flash, by pages and half-words, and gives it back', () => {
    const chip = downloading();
    const blocks = [pattern(1024, 1), pattern(1024, 99), pattern(701, 5)];
    for (const [n, block] of blocks.entries()) {
      expect(chip.send(dfu.dnload(n, block.length), block)).toEqual({ end: 'done' });
      expect(status(chip)).toEqual([0, n === 1 ? 31 : n === 0 ? 71 : 62, 4]);
      chip.run(71);
      expect(status(chip)).toEqual([0, 0, 5]);
    }
    expect(chip.send(dfu.dnload(3, 0))).toEqual({ end: 'done' });
    expect(status(chip)).toEqual([0, 0, 2]);
    const erases = chip.operations.filter((each) => each.startsWith('erase'));
    expect(erases).toEqual(['erase 10000+800', 'erase 10800+800']);
    // All but 0xffff, which is there already.
    expect(chip.operations.length).toBeGreaterThan(2 + 1020);
    for (const [n, block] of blocks.entries()) {
      expect(chip.flash.slice(0x10000 + 1024 * n, 0x10000 + 1024 * n + block.length)).toEqual(
        block,
      );
      expect(chip.send(dfu.upload(n, block.length))).toEqual({ end: 'in', bytes: block });
    }
    expect(chip.warnings).toEqual([]);
  });

  test('waits for flash end, wherever between two cycles', () => {
    const chip = downloading();
    const block = new Uint8Array(1024).fill(7);
    for (let n = 0; n < 40; n += 1) {
      chip.send(dfu.dnload(n, block.length), block);
      status(chip);
      chip.run(72 + n / 7);
      expect(status(chip)).toEqual([0, 0, 5]);
    }
  });

  test('a block beyond its slot is refused, and it goes on after that', () => {
    const chip = downloading();
    chip.send(dfu.dnload(64, 64), new Uint8Array(64));
    chip.run(10);
    expect(status(chip)).toEqual([8, 0, 10]);
    expect(chip.send(dfu.clrStatus)).toEqual({ end: 'done' });
    expect(status(chip)).toEqual([0, 0, 2]);
    expect(chip.send(dfu.dnload(0, 2000), new Uint8Array(2000))).toMatchObject({ end: 'stall' });
    expect(status(chip)).toEqual([15, 0, 10]);
    expect(chip.console).toContain('block 00000040 failed');
  });

  test('a transfer that the host gives up leaves nothing behind', () => {
    const chip = downloading();
    for (let n = 0; n < 20; n += 1) {
      chip.host.submit({ setup: Uint8Array.from(dfu.upload(0, 1024)), ended: () => {} });
      chip.run(0.05 * n);
      expect(status(chip)).toEqual([0, 0, 9]);
    }
    expect(chip.warnings).toEqual([]);
  });

  test('a bus reset in the middle, and it is there again', () => {
    const chip = downloading();
    chip.host.submit({
      setup: Uint8Array.from(dfu.dnload(0, 64)),
      data: new Uint8Array(64),
      ended: () => {},
    });
    chip.run(0.03);
    chip.host.reset();
    chip.run(1);
    expect(chip.send(SET_CONFIGURATION)).toEqual({ end: 'done' });
    expect(status(chip)[0]).toBe(0);
  });

  test('what flash throws comes out of run', () => {
    const chip = downloading();
    const { flash } = chip;
    chip.send(dfu.dnload(0, 64), new Uint8Array(64));
    chip.onOperation = (number) => {
      if (number === 3) throw new Error('power lost');
    };
    expect(() => chip.run(100)).toThrow('power lost');
    expect(flash.slice(0x10000, 0x10006)).toEqual(Uint8Array.of(0, 0, 0, 0, 0xff, 0xff));
  });

  test('DFU_DETACH: a reset, by software', () => {
    const chip = downloading();
    expect(chip.send(dfu.detach)).toEqual({ end: 'done' });
    expect(chip.run(1000)).toEqual({ why: 'reset', cause: 'software' });
    chip.start('software');
    chip.until('csr=14000000');
  });

  test('unplugged, it answers nobody', () => {
    const chip = downloading();
    expect(chip.chip.usb.in(1, 0)).toEqual({ type: 'nak' });
    chip.unplug();
    const { usb } = chip.chip;
    expect([usb.in(1, 0).type, usb.out(1, 0, new Uint8Array(0), 0)]).toEqual(['none', 'none']);
    expect(usb.setup(1, new Uint8Array(8))).toBe('none');
    expect(chip.attached).toBeUndefined();
  });
});

describe('an application with the run-time class', () => {
  test('says its version on the console, on USB and with a lamp', () => {
    const chip = bench('runtime-2.0.0');
    chip.until('\n');
    expect(chip.console).toBe('application 2.0.0 up, csr=0c800000\n');
    chip.plug();
    expect(chip.attached?.device.slice(12, 14)).toEqual(Uint8Array.of(0, 2));
    expect(chip.pins.get('PC7')).toBe(true);
  });

  test('DFU_DETACH: a word in RAM, a reset, and its start-up code jumps to the loader', () => {
    const chip = bench('runtime-1.0.0');
    chip.until('\n');
    chip.plug();
    expect(chip.send(dfu.detach)).toEqual({ end: 'done' });
    expect(chip.run(1000)).toEqual({ why: 'reset', cause: 'software' });
    chip.start('software');
    expect(chip.run(1)).toEqual({ why: 'jump', address: LOADER_ENTRY });
    expect(chip.chip.core.msp).toBe(0x20001000);
    // Once only: the next reset is one into the application.
    chip.start('reset-pin');
    chip.until('application 1.0.0 up, csr=1');
  });
});

describe('what programs should not do', () => {
  const ready = (): ChipBench => {
    const chip = bench('faults');
    chip.until('\n');
    return chip;
  };
  const told = (letter: string): ChipBench => {
    const chip = ready();
    chip.run(1);
    chip.type(letter);
    return chip;
  };

  test('sleeps until it is spoken to', () => {
    const chip = ready();
    expect(chip.run(1)).toEqual({ why: 'idle', nextNs: Infinity });
    expect(chip.chip.run(Infinity)).toEqual({ why: 'idle', nextNs: Infinity });
    const { instructions } = chip.chip.core;
    chip.run(1000);
    expect(chip.chip.core.instructions).toBe(instructions);
    chip.type('dd');
    chip.until('1234567a\n');
    expect(chip.console).toContain('12345679\n');
  });

  test('waits with a timer', () => {
    const chip = told('t');
    const beginNs = chip.chip.nowNs;
    chip.until('50 ms\n');
    expect((chip.chip.nowNs - beginNs) / 1e6).toBeCloseTo(50, -1);
  });

  test("a HardFault is its handler's, and where it came from is known", () => {
    const chip = told('f');
    chip.until('hard fault\n');
    expect(chip.chip.core.fault).toMatchObject({
      words: 'a write at 0x60000000, where nothing is',
      unmodelled: false,
    });
    expect(chip.chip.core.fault?.pc).toBeGreaterThan(FLASH);
    expect(chip.run(100).why).toBe('time');
  });

  test('a fault in the handler locks it up, for ever', () => {
    const chip = told('l');
    const stop = chip.run(10);
    expect(stop).toMatchObject({ why: 'fault', fault: { unmodelled: false } });
    expect(chip.run(1000).why).toBe('fault');
    expect(chip.chip.run(Infinity).why).toBe('fault');
  });

  test('what is not modelled stops it, and is named', () => {
    const chip = told('u');
    const words = 'STM32F072: DMA1 CCR1: a transfer (0x40020008) is not modelled';
    expect(chip.run(10)).toMatchObject({ why: 'fault', fault: { words, unmodelled: true } });
  });

  test('a wrong key for the flash is a HardFault', () => {
    const chip = told('x');
    chip.until('hard fault\n');
    expect(chip.chip.core.fault?.words).toContain('is not the key that FLASH_KEYR wants');
  });

  test('the watchdog, fed for a while', () => {
    const chip = told('w');
    chip.until('fed, and no more\n');
    expect(chip.run(90).why).toBe('time');
    expect(chip.run(20)).toEqual({ why: 'reset', cause: 'watchdog' });
    expect(chip.chip.run(Infinity)).toEqual({ why: 'reset', cause: 'watchdog' });
    chip.console = '';
    chip.start('watchdog');
    chip.until('\n');
    expect(chip.console).toBe('start 00000002 csr=24000000\n');
  });

  test('the watchdog ends a sleep, and a lock-up', () => {
    const chip = told('s');
    expect(chip.run(200)).toEqual({ why: 'reset', cause: 'watchdog' });
    const locked = told('Wl');
    expect(locked.run(50).why).toBe('fault');
    const { nowNs } = locked.chip;
    expect(locked.run(200)).toEqual({ why: 'reset', cause: 'watchdog' });
    expect((locked.chip.nowNs - nowNs) / 1e6).toBeLessThan(100);
  });

  test('hangs', () => {
    const chip = told('h');
    chip.until('hanging\n');
    expect(chip.run(100).why).toBe('time');
  });

  test('resets itself; its RAM is what it was', () => {
    const chip = told('r');
    expect(chip.run(10)).toEqual({ why: 'reset', cause: 'software' });
    chip.start('software');
    chip.until('start 00000002 csr=14000000\n');
  });

  test('system memory at address 0, and a jump to what its vectors say', () => {
    expect(told('m').run(10)).toEqual({ why: 'jump', address: LOADER_ENTRY });
  });
});

describe('the chip', () => {
  test('starts at a vector table that it is told of; vectors stay where they are', () => {
    const chip = bench('runtime-1.0.0');
    chip.flash.set([0, 0x20, 0, 0x20, 0x09, 0x80, 0, 8, 0x00, 0xbe, 0x00, 0xbe], 0x8000);
    chip.start('software', { entry: FLASH + 0x8000 });
    chip.chip.core.debugging = true;
    expect(chip.run(1)).toEqual({ why: 'breakpoint' });
    expect([chip.chip.core.readRegister(15), chip.chip.core.msp]).toEqual([
      FLASH + 0x8008,
      0x20002000,
    ]);
  });

  test('stops at a breakpoint', () => {
    const chip = bench('faults');
    const entry = new DataView(chip.flash.buffer).getUint32(4, true) & ~1;
    chip.chip.core.breakpoints.add(entry);
    expect(chip.run(1)).toEqual({ why: 'breakpoint' });
  });

  test('a step behind a write into flash is an instruction, not the wait for the flash', () => {
    const probe = new RegisterProbe(stm32f072, FLASH_BYTES);
    probe.write(0x40022004, 0x45670123);
    probe.write(0x40022004, 0xcdef89ab);
    probe.write(0x40022014, FLASH + 0x8000);
    const { core } = probe.chip;
    core.writeRegister(0, 0x40022010);
    core.writeRegister(1, 0x42);
    core.writeRegister(15, 0x20002000);
    const step = (): number => {
      probe.chip.run(probe.chip.nowNs + 1);
      return core.readRegister(15);
    };
    probe.chip.poke(0x20002000, Uint8Array.of(0x01, 0x60, 0x00, 0xbf, 0x00, 0xbf));
    expect([step(), step(), step()]).toEqual([0x20002002, 0x20002004, 0x20002006]);
    expect(probe.chip.nowNs).toBeGreaterThan(40e6);
  });

  test('pins that are held from the start on', () => {
    const chip = bench('faults');
    const pins = new Map([
      ['PA0', true],
      ['BOOT0', true],
    ]);
    chip.start('power-on', { pins });
    expect(chip.chip.nowNs).toBe(0);
  });
});

describe('USART and USB registers', () => {
  const fed = (): RegisterProbe => {
    const probe = new RegisterProbe(stm32f072, FLASH_BYTES);
    probe.write(0x40021018, 1 << 14);
    return probe;
  };
  const USART = 0x40013800;

  test('bytes go and come, by interrupts', () => {
    const probe = fed();
    probe.write(USART + 0x28, 0x41);
    expect(probe.console).toBe('');
    probe.write(USART, 0xd);
    probe.write(USART + 0x28, 0x41, 1);
    probe.write(USART + 0x28, 0x142, 2);
    expect(probe.console).toBe('AB');
    expect(probe.read(USART + 0x1c)).toBe(0x6000c0);
    expect(probe.pending()).toBe(0);
    probe.write(USART, 0x2d);
    probe.type('xyz');
    expect(probe.pending()).toBe(1 << interrupts.USART1);
    expect(probe.read(USART + 0x1c)).toBe(0x6000e0);
    expect([probe.read(USART + 0x24, 1), probe.read(USART + 0x24)]).toEqual([0x78, 0x79]);
    probe.write(USART + 0x18, 8);
    expect(probe.read(USART + 0x1c)).toBe(0x6000c0);
    probe.write(USART + 0x20, 0x40);
    expect(probe.read(USART + 0x1c)).toBe(0x600080);
    probe.write(0xe000e280, 0xffffffff);
    probe.write(USART, 0x8d);
    expect(probe.pending()).toBe(1 << interrupts.USART1);
    expect(probe.fault(() => probe.write(USART + 8, 0x80))).toContain(
      'USART1 CR3: transfers by DMA',
    );
  });

  const USB = 0x40005c00;
  const PMA = 0x40006000;
  function attached(): RegisterProbe {
    const probe = fed();
    probe.write(0x4002101c, 1 << 23);
    probe.write(0x40021034, 0x10000);
    probe.write(USB + 0x40, 0);
    probe.write(USB + 0x58, 0x8000);
    probe.chip.usb.setVbus(true);
    probe.chip.usb.busReset();
    return probe;
  }
  function enabled(): RegisterProbe {
    const probe = attached();
    probe.write(USB + 0x44, 0);
    probe.write(PMA, 0x40, 2);
    probe.write(PMA + 4, 0x80, 2);
    probe.write(PMA + 6, 0x8400, 2);
    probe.write(USB, 0x3220);
    probe.write(USB + 0x4c, 0x80);
    return probe;
  }
  const SETUP = Uint8Array.of(0x80, 6, 0, 1, 0, 0, 18, 0);

  test('a bus reset waits for firmware; the function is there once it is enabled', () => {
    const probe = attached();
    const { usb } = probe.chip;
    expect([usb.pulledUp, usb.inReset]).toEqual([true, true]);
    expect(probe.read(USB + 0x44)).toBe(0x0400);
    probe.write(USB + 0x40, 0x0400);
    expect(probe.pending()).toBe((1 << interrupts.USB) >>> 0);
    probe.write(USB + 0x44, 0xfbff);
    expect(usb.inReset).toBe(true);
    probe.write(USB + 0x4c, 0x80);
    expect(usb.inReset).toBe(false);
    expect(usb.setup(0, SETUP)).toBe('none');
    probe.write(USB + 0x40, 1);
    expect([usb.inReset, probe.read(USB + 0x4c)]).toEqual([true, 0]);
    probe.write(USB + 0x40, 2);
    expect(usb.pulledUp).toBe(false);
  });

  test('a bus reset disables the endpoints, and leaves what was received to be looked at', () => {
    const probe = enabled();
    probe.chip.usb.setup(0, SETUP);
    probe.write(USB + 4, 0x3001);
    probe.chip.usb.busReset();
    expect([probe.read(USB), probe.read(USB + 4), probe.read(USB + 0x4c)]).toEqual([0x8000, 0, 0]);
  });

  test('bits that toggle, bits that a 0 clears', () => {
    const probe = enabled();
    expect(probe.read(USB)).toBe(0x3220);
    expect(probe.chip.usb.setup(0, SETUP)).toBe('ack');
    // Both are NAK, both toggles 1: a SETUP was received.
    expect(probe.read(USB)).toBe(0xea60);
    expect(probe.read(USB + 0x44) & 0x801f).toBe(0x8010);
    expect(probe.read(PMA + 6, 2)).toBe(0x8408);
    expect([probe.read(PMA + 0x80, 2), probe.read(PMA + 0x83, 1)]).toEqual([0x0680, 1]);
    // The next one is lost until this one was looked at.
    expect(probe.chip.usb.setup(0, SETUP)).toBe('nak');
    probe.write(USB, 0x0280);
    expect(probe.read(USB)).toBe(0x6a60);
    expect(probe.read(USB + 0x44) & 0x8000).toBe(0);
    expect(probe.chip.usb.setup(0, SETUP)).toBe('ack');
    probe.write(USB, 0x0280);
    // DTOG_TX and STAT_TX are toggled by a 1, and left by a 0.
    probe.write(USB, 0x82d0);
    expect(probe.read(USB)).toBe(0x6a30);
    probe.write(PMA + 2, 2, 2);
    probe.write(PMA + 0x40, 0xbbaa, 2);
    expect(probe.chip.usb.in(0, 0)).toEqual({
      type: 'data',
      bytes: Uint8Array.of(0xaa, 0xbb),
      pid: 0,
    });
    expect(probe.read(USB)).toBe(0x6ae0);
    expect(probe.chip.usb.in(0, 0)).toEqual({ type: 'nak' });
    expect(probe.chip.usb.in(0, 1)).toEqual({ type: 'none' });
    expect(probe.chip.usb.in(5, 0)).toEqual({ type: 'none' });
    probe.write(USB, 0x8230);
    expect(probe.chip.usb.in(0, 0)).toEqual({ type: 'stall' });
    probe.write(USB, 0x8210);
    expect(probe.chip.usb.in(0, 0)).toEqual({ type: 'none' });
  });

  test('OUT: taken, taken again without a word, refused', () => {
    const probe = enabled();
    const { usb } = probe.chip;
    const out = (length: number, pid: 0 | 1): string =>
      usb.out(0, 0, new Uint8Array(length).fill(7), pid);
    expect(out(0, 1)).toBe('ack');
    expect(probe.read(USB)).toBe(0x3220);
    expect(out(65, 0)).toBe('stall');
    expect(out(3, 0)).toBe('ack');
    expect(probe.read(USB)).toBe(0xe220);
    expect(probe.read(PMA + 6, 2)).toBe(0x8403);
    expect(out(3, 1)).toBe('nak');
    // STATUS_OUT, VALID again: no data is wanted.
    probe.write(USB, 0x1320);
    expect(probe.read(USB) & 0x7000).toBe(0x7000);
    expect([out(3, 1), out(0, 1)]).toEqual(['stall', 'ack']);
    probe.write(USB, 0x1200 | 0x2000);
    expect(out(3, 1)).toBe('stall');
  });

  test('fed with something else than 48 MHz it is not there, and that is said', () => {
    const probe = attached();
    probe.write(0x40021034, 0);
    expect(probe.chip.usb.pulledUp).toBe(false);
    probe.write(0x40021030, 0x80);
    expect(probe.warnings).toEqual([]);
    probe.write(0x40021000, 0x01000083);
    expect(probe.warnings).toEqual([
      'the USB peripheral is fed with 8000000 Hz; it wants 48000000 Hz',
    ]);
    // HSI48 / 7 * 7 is as near as a number can be.
    probe.write(0x40021000, 0x83);
    probe.write(0x4002102c, 6);
    probe.write(0x40021004, 0x00158000);
    probe.write(0x40021000, 0x01000083);
    expect(probe.chip.usb.pulledUp).toBe(true);
    probe.write(0x4002101c, 0);
    expect(probe.read(PMA, 2)).toBe(0);
    probe.write(PMA, 1, 2);
    probe.write(0x4002101c, 1 << 23);
    probe.write(0x40021010, 1 << 23);
    expect(probe.read(USB + 0x58)).toBe(0);
  });

  test.each([
    ['read', 4, 'reading 32 bits at once from packet memory'],
    ['write', 4, 'writing 32 bits at once to packet memory'],
    ['write', 1, 'writing 8 bits at once to packet memory'],
  ] as const)('%s of %i bytes at once in packet memory is a fault', (what, size, words) => {
    const probe = enabled();
    const access = (): unknown =>
      what === 'read' ? probe.read(PMA, size) : probe.write(PMA, 0, size);
    expect(probe.fault(access)).toContain(words);
  });
});
