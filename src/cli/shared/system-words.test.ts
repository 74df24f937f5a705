import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { systemWords } from './system-words.ts';

test.each([
  ["EACCES: permission denied, open '/a/.x-1.new'", 'EACCES: permission denied'],
  [
    "EXDEV: cross-device link not permitted, rename '/a, b' -> '/c'",
    'EXDEV: cross-device link not permitted',
  ],
  ['ENOSPC: no space left on device, write', 'ENOSPC: no space left on device'],
  ['odd, but not of the system', 'odd, but not of the system'],
])('%s', (said, words) => {
  expect(systemWords(new Error(said))).toBe(words);
});

test('what the system really says', () => {
  const words = (): void => {
    try {
      readFileSync('/no/such, file');
    } catch (error) {
      throw new Error(systemWords(error), { cause: error });
    }
  };
  expect(words).toThrow(/^ENOENT: no such file or directory$/);
});
