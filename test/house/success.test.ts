import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

/*
 * Success is said in one place, and that place has compared what was planned with what was acknowledged.
 */

const src = resolve(import.meta.dirname, '../../src');

/** The sources, tests aside, in which it stands. */
function filesWith(words: RegExp): string[] {
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .filter((file) => words.test(readFileSync(join(src, file), 'utf8')))
    .map((file) => file.replaceAll('\\', '/'));
}

test('the words of success stand where endings are told', () => {
  expect(filesWith(/downloaded successfully|'Done!'|Upload done/)).toEqual([
    // In the words of dfu-util, once `send` has come back.
    'cli/dfu-util/ending-words.ts',
    'cli/host/progress.ts',
  ]);
});

test('what they are told by comes from the comparison alone', () => {
  const told = /onEvent\?\.\(\{ type: '(down|up)loaded'/;
  expect(filesWith(told)).toEqual(['host/conclude.ts']);
  const conclude = readFileSync(join(src, 'host/conclude.ts'), 'utf8');
  const [before = ''] = conclude.split("type: 'downloaded'");
  expect(before).toMatch(
    /if \(!isWhole\(planned, acknowledged\)\) \{.*throw new DfuError\('INCOMPLETE'/s,
  );
});

test('the exit codes of endings are made in one place, too', () => {
  expect(filesWith(/ending === '|\.ending\) \{/).filter((file) => file.startsWith('cli/'))).toEqual(
    [],
  );
  expect(filesWith(/=== 'unconfirmed'/)).toEqual([
    'host/application.ts',
    'host/outcome.ts',
    'cli/host/progress.ts',
    'cli/shared/exit-codes.ts',
  ]);
});
