import { expect, test } from 'vitest';
import { didYouMean } from './did-you-mean.ts';

const known = ['silent', 'dfu-runtime', 'usb-dfu', 'confirm', 'torn'];

test.each([
  ['slient', 'silent'],
  ['dfu_runtime', 'dfu-runtime'],
  ['USB-DFU', 'usb-dfu'],
  ['confrim', 'confirm'],
  ['tron', 'torn'],
])('%s is near to %s', (word, near) => {
  expect(didYouMean(word, known)).toBe(`, did you mean "${near}"?`);
});

test.each(['', 'x', 'something else', 'a'.repeat(100_000)])('nothing is near to %.20s', (word) => {
  expect(didYouMean(word, known)).toBe('');
});
