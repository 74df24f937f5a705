import { expect, test } from 'vitest';
import { barLine, progressLine } from './progress.ts';

test('the bar is dfu-util’s, byte for byte', () => {
  const label = 'Download';
  expect(barLine({ label, known: true }, 0, 1000)).toBe(
    'Download\t[                         ]   0%            0 bytes',
  );
  expect(barLine({ label, known: true }, 520, 1000)).toBe(
    'Download\t[=============            ]  52%          520 bytes',
  );
  expect(barLine({ label, known: true }, 1000, 1000)).toBe(
    'Download\t[=========================] 100%         1000 bytes',
  );
});

test.each([
  [67, 'Download\t[============            ]  50%     50000000 bytes'],
  [48, 'Download\t[==   ]  50%     50000000 bytes'],
  [47, 'Download\t[===========            ]  50%'],
  [40, 'Download\t[========        ]  50%'],
  [20, 'Download\t[==   ]  50%'],
])('at a terminal of %i columns the percent stands in the line', (columns, line) => {
  const bar = barLine({ label: 'Download', known: true }, 50_000_000, 100_000_000, columns);
  expect(bar).toBe(line);
});

test('more than was expected is no more than all; an unknown length has no bar', () => {
  const label = 'Upload  ';
  expect(barLine({ label, known: true }, 2000, 1000)).toMatch(/ 100% {9}2000 bytes$/);
  expect(barLine({ label, known: false }, 2000, 0)).toBe('Upload  \t        2000 bytes');
});

test('the pace stands behind it, in cells of the bar', () => {
  const bar = (pace: string, columns: number): string =>
    barLine({ label: 'Download', known: true, pace }, 50, 100, columns);
  expect(bar('12.3 kB/s 0:08', 80)).toBe(
    'Download\t[==========           ]  50%           50 bytes 12.3 kB/s 0:08 ',
  );
  expect(bar('', 80)).toHaveLength(bar('12.3 kB/s 0:08', 80).length);
  expect(bar('12.3 kB/s 0:08', 60)).not.toContain('kB/s');
  expect(barLine({ label: 'Upload  ', known: false, pace: '1.0 kB/s' }, 50, 0)).toBe(
    'Upload  \t          50 bytes 1.0 kB/s',
  );
});

test('a short line where there is no bar', () => {
  const event = {
    type: 'progress',
    operation: 'download',
    doneBytes: 50,
    totalBytes: 100,
  } as const;
  expect(progressLine(event, '12.3 kB/s 0:08')).toBe(
    'Download: 50 of 100 bytes, 12.3 kB/s, 0:08 left',
  );
  expect(progressLine(event, '')).toBe('Download: 50 of 100 bytes');
  expect(progressLine({ ...event, totalBytes: undefined }, '9 B/s')).toBe(
    'Download: 50 bytes, 9 B/s',
  );
});
