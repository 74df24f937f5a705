import { expect, test } from 'vitest';
import { cNumber } from './c-number.ts';

test.each([
  ['0', 0],
  ['10', 10],
  ['0x10', 16],
  ['0Xff', 255],
  ['010', 8],
  ['08', undefined],
  ['0x', undefined],
  ['', undefined],
  ['-1', undefined],
  ['1x', undefined],
  [' 1', undefined],
  ['9007199254740993', undefined],
])('%j is %s', (text, value) => {
  expect(cNumber(text)).toBe(value);
});
