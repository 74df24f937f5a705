import { expect, test } from 'vitest';
import { parseTimeLimits } from './time-options.ts';

test.each([
  ['10', { transferMs: 10_000 }],
  ['0.5', { transferMs: 500 }],
  ['erase=60,transfer=10', { eraseMs: 60_000, transferMs: 10_000 }],
  [
    'descriptors=1,busy=2,manifest=3.5,return=4',
    { descriptorMs: 1000, busyMs: 2000, manifestMs: 3500, returnMs: 4000 },
  ],
])('--timeout %s', (text, limits) => {
  expect(parseTimeLimits(text)).toEqual(limits);
});

test.each([
  ['', '--timeout: expected seconds, more than 0 and at most 3600, got ""'],
  ['0', '--timeout: expected seconds, more than 0 and at most 3600, got "0"'],
  ['erase', '--timeout: expected seconds, more than 0 and at most 3600, got "erase"'],
  [
    'erasse=60',
    '--timeout: expected descriptors, transfer, erase, busy, manifest, return, got "erasse", did you mean "erase"?',
  ],
  ['erase=60,', '--timeout: expected descriptors, transfer, erase, busy, manifest, return, got ""'],
  ['erase=6,erase=7', '--timeout: erase is there twice'],
  ['erase=x', '--timeout erase: expected seconds, more than 0 and at most 3600, got "x"'],
  ['erase=1=2', '--timeout erase: expected seconds, more than 0 and at most 3600, got "1=2"'],
  [
    'toString=1',
    '--timeout: expected descriptors, transfer, erase, busy, manifest, return, got "toString"',
  ],
])('--timeout %s is refused', (text, message) => {
  expect(() => parseTimeLimits(text)).toThrow(message);
});
