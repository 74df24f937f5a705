import { expect, test } from 'vitest';
import { Pace } from './pace.ts';

test.each([
  ['nothing at first', [300, 1000, 2000], ''],
  ['nothing while nothing moves', [5000, 0, 2000], ''],
  ['bytes', [10_000, 640, 1280], '64 B/s 0:10'],
  ['thousands', [1000, 12_345, 100_000], '12.3 kB/s 0:08'],
  ['millions', [1000, 2_500_000, 10_000_000], '2.5 MB/s 0:03'],
  ['minutes', [1000, 1000, 91_000], '1.0 kB/s 1:30'],
  ['hours', [1000, 10, 40_000], '10 B/s 1:06:39'],
  ['the end', [2000, 2000, 2000], '1.0 kB/s'],
  ['an unknown length', [2000, 2000], '1.0 kB/s'],
])('%s', (_, [tookMs = 0, doneBytes = 0, totalBytes], words) => {
  expect(new Pace(0, 0).words(tookMs, doneBytes, totalBytes)).toBe(words);
});

test('what was there before counts for nothing', () => {
  expect(new Pace(0, 1_000_000).words(1000, 1_001_000, 1_002_000)).toBe('1.0 kB/s 0:01');
});
