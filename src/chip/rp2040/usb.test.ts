import { describe, expect, test } from 'vitest';
import type { ChipBench } from '../../../test/support/machine/chip-bench.ts';
import { machineFixture } from '../../../test/support/machine/fixture.ts';
import { rp2040Bench } from '../../../test/support/machine/rp2040-probe.ts';

/* Endpoint 0 of a program that does everything that a control transfer can be (test/fixtures/machine/rp2040). */

function control(): ChipBench {
  const board = rp2040Bench({ 0: machineFixture('rp2040/control.bin') });
  board.plug();
  board.send([0, 9, 1, 0, 0, 0, 0, 0]);
  return board;
}

const request = (type: number, code: number, value: number, length: number): number[] => {
  const [low, high] = [value & 0xff, value >> 8];
  return [type, code, low, high, 5, 0, length & 0xff, length >> 8];
};
const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, n) => n * 3 + 5);

describe('control transfers', () => {
  test.each([0, 1, 63, 64, 65, 128, 1000, 1024])('%i bytes of 1024 come in', (length) => {
    const board = control();
    const end = board.send(request(0xc0, 1, length, 1024));
    expect(end).toEqual({ end: 'in', bytes: pattern(length) });
  });

  test.each([64, 128])('%i bytes are no more than were asked for', (length) => {
    const board = control();
    expect(board.send(request(0xc0, 1, 1024, length))).toEqual({
      end: 'in',
      bytes: pattern(length),
    });
    expect(board.send([0x80, 8, 0, 0, 0, 0, 1, 0])).toEqual({ end: 'in', bytes: Uint8Array.of(1) });
  });

  test.each([0, 1, 64, 65, 1000])('%i bytes go out', (length) => {
    const board = control();
    const bytes = pattern(length);
    expect(board.send(request(0x40, 1, 0, length), bytes)).toEqual({ end: 'done' });
    expect(board.send(request(0xc0, 3, 0, 1024))).toEqual({ end: 'in', bytes });
  });

  test('stalls in each stage end the transfer, and nothing but that', () => {
    const board = control();
    const works = (): void => {
      expect(board.send(request(0xc0, 1, 3, 8))).toEqual({ end: 'in', bytes: pattern(3) });
    };
    expect(board.send(request(0xc0, 9, 0, 8))).toMatchObject({ end: 'stall' });
    works();
    expect(board.send(request(0x40, 9, 0, 8), new Uint8Array(8))).toMatchObject({ end: 'stall' });
    works();
    expect(board.send(request(0xc0, 2, 1, 200))).toMatchObject({ end: 'stall' });
    works();
    expect(board.send(request(0x40, 2, 2, 300), new Uint8Array(300))).toMatchObject({
      end: 'stall',
    });
    works();
    expect(board.send(request(0x40, 3, 0, 10), new Uint8Array(10))).toMatchObject({ end: 'stall' });
    works();
    expect(board.send(request(0x40, 3, 0, 0))).toMatchObject({ end: 'stall' });
    works();
  });

  test('one that is never answered gives way to the next', () => {
    const board = control();
    expect(board.send(request(0xc0, 4, 0, 8))).toBeUndefined();
    expect(board.send(request(0x40, 4, 0, 8), new Uint8Array(8))).toBeUndefined();
    expect(board.send(request(0xc0, 1, 3, 8))).toEqual({ end: 'in', bytes: pattern(3) });
  });
});

describe('tokens', () => {
  /** The address that the host gave it. */
  const ADDRESS = 1;
  const settled = (): ChipBench => {
    const board = control();
    board.run(1);
    return board;
  };

  test('a SETUP in the middle of a transfer is the one that counts', () => {
    const board = settled();
    const { usb } = board.chip;
    expect(usb.setup(ADDRESS, Uint8Array.from(request(0xc0, 1, 500, 500)))).toBe('ack');
    // Not looked at yet: neither data nor another SETUP.
    expect(usb.in(ADDRESS, 0)).toEqual({ type: 'nak' });
    expect(usb.setup(ADDRESS, new Uint8Array(8))).toBe('nak');
    board.run(1);
    expect(usb.in(ADDRESS, 0)).toEqual({ type: 'data', bytes: pattern(64), pid: 1 });
    board.run(1);
    expect(usb.setup(ADDRESS, Uint8Array.from(request(0xc0, 1, 2, 2)))).toBe('ack');
    // What is armed is of the transfer before it.
    expect(usb.in(ADDRESS, 0)).toEqual({ type: 'nak' });
    board.run(1);
    expect(usb.in(ADDRESS, 0)).toEqual({ type: 'data', bytes: pattern(2), pid: 1 });
    board.run(1);
    expect(usb.out(ADDRESS, 0, new Uint8Array(), 1)).toBe('ack');
  });

  test('a buffer that waits for data does not take those of the next transfer', () => {
    const board = settled();
    const { usb } = board.chip;
    usb.setup(ADDRESS, Uint8Array.from(request(0x40, 1, 0, 10)));
    board.run(1);
    expect(usb.setup(ADDRESS, Uint8Array.from(request(0x40, 1, 0, 4)))).toBe('ack');
    expect(usb.out(ADDRESS, 0, new Uint8Array(4).fill(1), 1)).toBe('nak');
    board.run(1);
    expect(usb.out(ADDRESS, 0, new Uint8Array(4).fill(2), 1)).toBe('ack');
    board.run(1);
    expect(usb.in(ADDRESS, 0)).toMatchObject({ type: 'data', pid: 1 });
    expect(board.send(request(0xc0, 3, 0, 1024))).toEqual({
      end: 'in',
      bytes: new Uint8Array(4).fill(2),
    });
  });

  test('nobody answers at another address, or without power', () => {
    const { usb } = settled().chip;
    expect(usb.setup(5, new Uint8Array(8))).toBe('none');
    expect(usb.in(5, 0)).toEqual({ type: 'none' });
    usb.setVbus(false);
    expect(usb.out(ADDRESS, 0, new Uint8Array(), 1)).toBe('none');
  });

  test('a repeated packet is acknowledged, and thrown away', () => {
    const board = settled();
    const { usb } = board.chip;
    usb.setup(ADDRESS, Uint8Array.from(request(0x40, 1, 0, 10)));
    board.run(0.1);
    expect(usb.out(ADDRESS, 0, new Uint8Array(10).fill(1), 0)).toBe('ack');
    board.run(0.1);
    expect(usb.in(ADDRESS, 0)).toEqual({ type: 'nak' });
    expect(usb.out(ADDRESS, 0, new Uint8Array(10).fill(2), 1)).toBe('ack');
    board.run(0.1);
    expect(usb.in(ADDRESS, 0)).toEqual({ type: 'data', bytes: new Uint8Array(), pid: 1 });
    expect(usb.out(ADDRESS, 0, new Uint8Array(65), 1)).not.toBe('ack');
  });

  test('a bus reset is over when the program has seen it, and takes its address', () => {
    const board = settled();
    const { usb } = board.chip;
    usb.busReset();
    expect(usb.inReset).toBe(true);
    expect(usb.setup(0, new Uint8Array(8))).toBe('nak');
    board.chip.run(board.chip.nowNs + 1e5);
    expect(usb.inReset).toBe(false);
    expect(usb.setup(ADDRESS, new Uint8Array(8))).toBe('none');
    expect(usb.setup(0, new Uint8Array(8))).toBe('ack');
  });
});
