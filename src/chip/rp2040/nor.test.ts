import { describe, expect, test } from 'vitest';
import { createNor } from './nor.ts';
import { createTime } from './time.ts';

function made(sizeBytes = 0x200000) {
  const bytes = new Uint8Array(sizeBytes).fill(0xff);
  const warnings: string[] = [];
  const programmed: string[] = [];
  let cycles = 0;
  const time = createTime({ cycles: () => cycles, hertz: 1e9, sooner: () => {} });
  const nor = createNor({
    flash: {
      bytes,
      program: (offset, data) => {
        programmed.push(`${offset}: ${data.join(' ')}`);
        data.forEach((byte, n) => {
          bytes[offset + n] = (bytes[offset + n] ?? 0) & byte;
        });
      },
      erase: (offset, length) => void bytes.fill(0xff, offset, offset + length),
    },
    time,
    uniqueId: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
    warn: (words) => warnings.push(words),
    changed: () => {},
  });
  /** One command; what comes back behind what was sent. */
  const send = (sent: readonly number[], answerBytes = 0): number[] => {
    nor.select();
    for (const byte of sent) nor.transfer(byte);
    const answer = Array.from({ length: answerBytes }, () => nor.transfer(0));
    nor.release();
    return answer;
  };
  const pass = (ns: number): void => {
    cycles += ns;
  };
  return { nor, bytes, warnings, programmed, send, pass };
}

describe('a SPI NOR flash', () => {
  test('says what it is', () => {
    const { nor, send } = made();
    expect(send([0x9f], 3)).toEqual([0xef, 0x40, 0x15]);
    expect(send([0x90, 0, 0, 0], 2)).toEqual([0xef, 0x14]);
    expect(send([0xab, 0, 0, 0], 1)).toEqual([0x14]);
    expect(send([0x4b, 0, 0, 0, 0], 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(send([0x77], 2)).toEqual([0xff, 0xff]);
    // Nobody is there while it is not selected.
    expect(nor.transfer(0x9f)).toBe(0xff);
    expect(made(0x1000000).send([0x9f], 3)[2]).toBe(0x18);
  });

  test('describes itself (JESD216): a header, one table, its size in bits', () => {
    const { send } = made();
    const header = send([0x5a, 0, 0, 0, 0], 16);
    expect(String.fromCharCode(...header.slice(0, 4))).toBe('SFDP');
    const [low = 0, middle = 0, high = 0] = header.slice(12, 15);
    const [, , , , a = 0, b = 0, c = 0, d = 0] = send([0x5a, high, middle, low, 0], 8);
    expect((a | (b << 8) | (c << 16) | (d << 24)) + 1).toBe(0x200000 * 8);
    expect(send([0x5a, 0, 1, 0, 0], 1)).toEqual([0xff]);
  });

  test('leaves what is there where a page is filled with 0xff, and says so only where nothing else is in it', () => {
    const { nor, bytes, warnings } = made();
    nor.programPage(0x100, Uint8Array.of(0xff, 0x12));
    nor.programPage(0x100, Uint8Array.of(0x34, 0xff, 0x56));
    expect([...bytes.subarray(0x100, 0x104)]).toEqual([0x34, 0x12, 0x56, 0xff]);
    expect(warnings).toEqual([]);
    nor.programPage(0x100, Uint8Array.of(0xff, 0xff));
    expect(warnings).toEqual([expect.stringMatching(/over a 0 at flash offset 0x100 /)]);
    nor.programPage(0x1100, Uint8Array.of(0));
    nor.programPage(0x1100, Uint8Array.of(0x01, 0x00));
    expect(warnings[1]).toMatch(/over a 0 at flash offset 0x1100 /);
  });

  test('is read from any address on, and around its end', () => {
    const { bytes, send } = made();
    bytes.set([1, 2], 0x1ffffe);
    bytes[0] = 3;
    expect(send([0x03, 0x1f, 0xff, 0xfe], 3)).toEqual([1, 2, 3]);
    expect(send([0x0b, 0x1f, 0xff, 0xfe, 0], 3)).toEqual([1, 2, 3]);
    expect(send([0x03, 0x3f, 0xff, 0xfe], 1)).toEqual([1]);
  });

  test('erases in all its sizes, after it was enabled and with a whole address', () => {
    const { bytes, send, pass } = made();
    const erases = (command: number, from: number, to: number, ms: number): void => {
      bytes.fill(0, 0, 0x20000);
      send([0x06]);
      send(command === 0xc7 ? [command] : [command, 0x01, 0x23, 0x45]);
      pass(ms * 1e6 - 1);
      expect(send([0x05], 1)).toEqual([1]);
      expect(send([0x9f], 1)).toEqual([0xff]);
      pass(1);
      expect(send([0x05], 1)).toEqual([0]);
      expect(bytes.subarray(0, 0x20000).indexOf(0xff)).toBe(from);
      expect(bytes.subarray(0, 0x20000).lastIndexOf(0xff)).toBe(to - 1);
    };
    erases(0x20, 0x12000, 0x13000, 45);
    erases(0x52, 0x10000, 0x18000, 120);
    erases(0xd8, 0x10000, 0x20000, 150);
    erases(0xc7, 0, 0x20000, 5000);
    bytes.fill(0, 0, 16);
    send([0x20, 0, 0, 0]);
    send([0x06]);
    send([0x20, 0, 0]);
    send([0x04]);
    send([0x20, 0, 0, 0]);
    expect(bytes[0]).toBe(0);
    send([0x60]);
    send([0x02, 0, 0]);
    expect(bytes[0]).toBe(0);
  });

  test('programs what changes of a page, as it will be, and only once it was enabled', () => {
    const { bytes, warnings, programmed, send, pass } = made();
    bytes.set([0xf0, 0x0f], 0x101);
    send([0x02, 0, 1, 0, 0x55]);
    expect(programmed).toEqual([]);
    send([0x06]);
    send([0x02, 0, 1, 0, 0xff, 0x3c, 0x0f, 0xff]);
    expect(programmed).toEqual(['257: 48']);
    expect(warnings).toEqual([
      expect.stringContaining('a 1 is programmed over a 0 at flash offset 0x101'),
    ]);
    // It is once for each time.
    pass(1e9);
    send([0x02, 0, 1, 0, 0x55]);
    expect(programmed).toHaveLength(1);
  });

  test('keeps the last of more bytes than a page has', () => {
    const { bytes, send } = made();
    send([0x06]);
    send([0x02, 0, 1, 0, ...Array.from({ length: 260 }, (_, n) => n % 251)]);
    // 256 to 259 came over 0 to 3.
    expect([...bytes.subarray(0x100, 0x106)]).toEqual([5, 6, 7, 8, 4, 5]);
    expect(bytes[0x200]).toBe(0xff);
  });

  test('keeps its status, and protects by it', () => {
    const { bytes, warnings, send, pass } = made();
    expect(send([0x35], 1)).toEqual([2]);
    expect(send([0x15], 1)).toEqual([0x60]);
    send([0x01, 0x1c]);
    expect(send([0x05], 1)).toEqual([0]);
    send([0x06]);
    expect(send([0x05], 1)).toEqual([2]);
    send([0x01, 0x1c, 0x42]);
    pass(10e6);
    expect(send([0x05], 1)).toEqual([0x1c]);
    expect(send([0x35], 1)).toEqual([0x42]);
    send([0x06]);
    send([0x02, 0, 0, 0, 0]);
    expect(bytes[0]).toBe(0xff);
    expect(warnings).toEqual([
      expect.stringMatching(/protected \(status register 0x1c\); command 0x2/),
    ]);
    // Volatile: at once.
    send([0x50]);
    send([0x31, 0x02]);
    expect(send([0x35], 1)).toEqual([2]);
    send([0x50]);
    send([0x11, 0x20]);
    expect(send([0x15], 1)).toEqual([0x20]);
    send([0x06]);
    send([0x99]);
    expect(send([0x05], 1)).toEqual([0x1c]);
  });

  test('is waited for when its status is asked again and again', () => {
    const { nor, send } = made();
    send([0x06]);
    send([0x20, 0, 0, 0]);
    expect(nor.waitedForNs).toBeUndefined();
    send([0x05], 1);
    expect(nor.waitedForNs).toBeUndefined();
    send([0x05], 1);
    expect(nor.waitedForNs).toBe(45e6);
    send([0x35], 1);
    expect(nor.waitedForNs).toBeUndefined();
  });
});
