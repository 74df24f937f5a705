import { describe, expect, test } from 'vitest';
import { Rp2040Probe } from '../../../test/support/machine/rp2040-probe.ts';

/* The way to the flash that programs of their own go: SSI, and its select line at IO_QSPI. */

const CTRLR0 = 0x18000000;
const RXFLR = 0x18000024;
const SR = 0x18000028;
const DR0 = 0x18000060;
/** Bits 9 and 8: 0 by SSI itself, 2 low, 3 high. */
const SELECT = 0x4001800c;

/** As the ROM leaves it behind `flash_exit_xip`. */
function open(): Rp2040Probe {
  const made = new Rp2040Probe();
  made.rom('IF');
  made.rom('EX');
  return made;
}

/** One command with the select line held, as `flash_do_cmd` sends it; what came back. */
function command({ read, write }: Rp2040Probe, sent: readonly number[]): number[] {
  write(SELECT, 2 << 8);
  const got = sent.map((byte) => {
    write(DR0, byte);
    return read(DR0);
  });
  write(SELECT, 3 << 8);
  return got;
}

describe('SSI in front of the flash', () => {
  test('is plain SPI behind flash_exit_xip: the unique number can be read', () => {
    const made = open();
    const got = command(made, [0x4b, 0, 0, 0, 0, ...new Uint8Array(8)]);
    expect(got.slice(5)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    made.rom('FC');
    made.rom('CX');
    // In continuous read a frame is no byte.
    expect(() => command(made, [0x9f])).toThrow(/SSI DR0 with frames other than of 8 bits/);
  });

  test('keeps sixteen frames that nobody has read', () => {
    const made = open();
    const { read, write } = made;
    write(SELECT, 2 << 8);
    write(DR0, 0x9f);
    expect(read(SR) & 0x1f).toBe(0xe);
    for (let n = 0; n < 20; n += 1) write(DR0, 0);
    expect(read(RXFLR)).toBe(16);
    expect(read(SR) & 0x1f).toBe(0x1e);
    const got = Array.from({ length: 16 }, () => read(DR0));
    expect(got.slice(0, 4)).toEqual([0xff, 0xef, 0x40, 0x15]);
    expect([read(RXFLR), read(DR0)]).toEqual([0, 0]);
  });

  test('selects by itself, until its status or its data are looked at', () => {
    const { read, write } = open();
    const send = (): void => [0x9f, 0, 0, 0].forEach((byte) => write(DR0, byte));
    const got = (count: number): number[] => Array.from({ length: count }, () => read(DR0));
    const answer = [0xff, 0xef, 0x40, 0x15];
    send();
    expect(got(4)).toEqual(answer);
    send();
    read(SR);
    send();
    expect(got(8)).toEqual([...answer, ...answer]);
    // Held low it is one command, and high it is none.
    write(SELECT, 2 << 8);
    send();
    read(SR);
    send();
    expect(got(8)).toEqual([...answer, 0xef, 0x40, 0x15, 0xef]);
    write(SELECT, 3 << 8);
    send();
    expect(got(4)).toEqual([0xff, 0xff, 0xff, 0xff]);
  });

  test('reads on four wires: a command, an address with mode bits, and what stands there', () => {
    const probe = open();
    const { read, write } = probe;
    probe.flash.set([1, 2, 3, 4], 0x100);
    write(0x18000008, 0);
    // Frames of 32 bits, EEPROM read; 8 bits of command, 32 of address.
    write(CTRLR0, (2 << 21) | (31 << 16) | (3 << 8));
    write(0x180000f4, (2 << 8) | (8 << 2));
    write(0x18000008, 1);
    write(DR0, 0xeb);
    expect(read(RXFLR)).toBe(0);
    write(DR0, 0x000100a0);
    expect([read(RXFLR), read(DR0), read(SR) & 8]).toEqual([1, 0x01020304, 0]);
    // What is put where only is sent is swallowed.
    write(0x18000008, 0);
    write(CTRLR0, (2 << 21) | (31 << 16));
    write(0x18000008, 1);
    write(DR0, 0xeb);
    write(DR0, 0xa0);
    expect(read(RXFLR)).toBe(0);
  });

  test('goes on to where the flash is done, for who asks whether it is', () => {
    const made = open();
    made.flash.fill(0, 0x1000, 0x2000);
    command(made, [0x06]);
    const began = made.chip.nowNs;
    command(made, [0x20, 0, 0x10, 0]);
    let polls = 0;
    while (((command(made, [0x05, 0])[1] ?? 0) & 1) === 1) polls += 1;
    expect(polls).toBeLessThan(5);
    expect(made.chip.nowNs - began).toBeGreaterThanOrEqual(45e6);
    expect(made.operations).toEqual(['erase 1000+1000']);
    expect(made.flash[0x1000]).toBe(0xff);
  });
});
