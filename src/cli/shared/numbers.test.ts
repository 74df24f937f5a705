import { expect, test } from 'vitest';
import { oneOf } from './numbers.ts';

test('one of a few numbers, in figures of any base', () => {
  const read = oneOf('--align', [8, 16]);
  expect([read('8'), read('0x10')]).toEqual([8, 16]);
  expect(() => read('9')).toThrow('--align: expected 8, 16, got "9"');
});

test('is told in the words of the option, not in other figures', () => {
  const read = oneOf('--erased-value', [0xff, 0], '0xff or 0');
  expect(() => read('0x12')).toThrow('--erased-value: expected 0xff or 0, got "0x12"');
});
