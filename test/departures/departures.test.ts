import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runVectors } from '../support/vector-run.ts';
import { nativeRows } from '../dfu-util/native-lines.ts';
import { departuresPage, dfuUtilPage } from './page.ts';
import { departures, departs, sorted } from './table.ts';

const root = resolve(import.meta.dirname, '../..');

/** Where departures are met; the tests of the others play them, and know of none. */
const RECORDINGS = ['mcuboot/fuzz', 'mcuboot/imgtool', 'zephyr'];

/** The departures that the tests of a folder show: those that stand in their titles. */
function shownIn(folder: string): string[] {
  return readdirSync(resolve(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts') && !file.startsWith('departures'))
    .map((file) => readFileSync(join(root, folder, file), 'utf8'))
    .flatMap((source) => Array.from(source.matchAll(/['`]departures? ([a-z\d-]+\/[\w/, -]+):/g)))
    .flatMap(([, ids = '']) => ids.split(', '));
}

/** What the comparisons of the two programs meet, which look for exactly these. */
const compared = nativeRows.map((row) => `dfu-util/${row}`);

test('docs/dfu-util.md is what the table says', async () => {
  await expect(dfuUtilPage()).toMatchFileSnapshot('../../docs/dfu-util.md');
});

describe('docs/departures.md', () => {
  test('is what the tables say', async () => {
    await expect(departuresPage()).toMatchFileSnapshot('../../docs/departures.md');
  });

  test('names nothing that no test shows and no recording meets, and nothing is met that it does not name', async () => {
    const seen = new Set([...shownIn('src'), ...shownIn('test'), ...compared]);
    const print = (): void => {};
    const departed = (id: string): void => void seen.add(id);
    for (const folder of RECORDINGS) {
      const path = resolve(root, 'test/vectors', folder);
      expect(await runVectors(path, { print, warn: print, departed })).toBe(0);
    }
    expect([...departures.keys()].filter((id) => !seen.has(id))).toEqual([]);
    expect([...seen].filter((id) => !departures.has(id))).toEqual([]);
  });

  test('is asked by replays: a difference without a row stays one', () => {
    const found = ['exit: expected 0, got 1', departs('imgtool/traceback')];
    expect(sorted(found)).toEqual({ differences: [found[0]], met: ['imgtool/traceback'] });
  });
});
