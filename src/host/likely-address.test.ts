import { describe, expect, test } from 'vitest';
import { parseMemoryLayout } from '../dfu/index.ts';
import { likelyAddress } from './likely-address.ts';

const layout = parseMemoryLayout('@Internal Flash /0x08000000/04*016Kg,01*064Kg,01*128Kg');

/** A Cortex-M program that starts there, of so many bytes. */
function program(handler: number, lengthBytes: number): Uint8Array {
  const bytes = new Uint8Array(lengthBytes).fill(0x55);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x2000_1000, true);
  view.setUint32(4, handler + 1, true);
  return bytes;
}

describe('where a binary looks as if it belonged', () => {
  test('one sector whose program would start within itself is proposed', () => {
    expect(likelyAddress(program(0x0800_01ec, 4096), layout)).toBe(
      '; by its vector table, which starts at 0x080001ec, it is for 0x08000000',
    );
    expect(likelyAddress(program(0x0800_4100, 4096), layout)).toContain('it is for 0x08004000');
  });

  test('what could be at several is told as that', () => {
    expect(likelyAddress(program(0x0800_4100, 0x5000), layout)).toContain(
      'for 0x08000000 or 0x08004000',
    );
  });

  test.each([
    ['no program', new Uint8Array(4096).fill(7), layout],
    ['a program for another memory', program(0x1000_0100, 4096), layout],
    ['a device without layout', program(0x0800_01ec, 4096), undefined],
    ['a program that is longer than the memory', program(0x0802_0100, 0x40001), layout],
    ['too many sectors', program(0x0800_f000, 0x10000), parseMemoryLayout('@F/0x08000000/256*1Kg')],
  ])('nothing is said of %s', (_, bytes, memory) => {
    expect(likelyAddress(bytes, memory)).toBe('');
  });
});
