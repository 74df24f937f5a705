import { expect, test } from 'vitest';
import { parseDfuSeAddress } from './dfuse-address.ts';

test.each([
  ['0x08000000', { address: 0x08000000 }],
  ['0x08000000:leave', { address: 0x08000000, leave: true }],
  ['134217728:leave:1024', { address: 0x08000000, leave: true, lengthBytes: 1024 }],
  // C reads a leading 0 as octal, and so does dfu-util.
  ['01000000000', { address: 0x08000000 }],
  ['0', { address: 0 }],
  ['', {}],
  [':mass-erase:force', { massErase: true, force: true }],
  [
    '0xffffffff:will-reset:unprotect:0x10',
    { address: 0xffffffff, willReset: true, unprotect: true, lengthBytes: 16 },
  ],
])('%s', (text, expected) => {
  expect(parseDfuSeAddress(text)).toEqual(expected);
});

test.each([
  ['08000000', 'expected an address of 32 bits, e.g. 0x08000000, got "08000000"'],
  ['0x100000000', 'expected an address'],
  ['leave', 'expected an address'],
  ['-1', 'expected an address'],
  ['0x0:lea', 'expected leave, mass-erase, unprotect, will-reset, force or a length'],
  ['0x0:constructor', 'got "constructor"'],
  ['0x0:0', 'got "0"'],
  ['0x0:', 'got ""'],
])('%s is refused', (text, message) => {
  expect(() => parseDfuSeAddress(text)).toThrow(message);
});
