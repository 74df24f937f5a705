import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';

interface Figure {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  readonly [more: string]: unknown;
}

interface Comparison {
  readonly figures: readonly { readonly name: string; readonly ratio: number }[];
  readonly alone: readonly string[];
  readonly ratio: number;
}

const root = resolve(import.meta.dirname, '../..');
const load = async <T>(name: string): Promise<T> =>
  (await import(pathToFileURL(resolve(root, 'bench', name)).href)) as T;
const { compare, comparisonLines } = await load<{
  compare: (before: readonly Figure[], after: readonly Figure[]) => Comparison;
  comparisonLines: (comparison: Comparison) => string[];
}>('comparison.mjs');
const { circumstances, defaultFile, readRun, writeRun } = await load<{
  circumstances: () => Record<string, string | number>;
  defaultFile: (around: { date: string; commit: string }) => string;
  readRun: (file: string) => Figure[];
  writeRun: (file: string, run: object) => void;
}>('run-file.mjs');

const rate = (value: number, more = {}): Figure => ({
  figure: 'transfers',
  value,
  unit: '1/s',
  ...more,
});
const time = (value: number, more = {}): Figure => ({
  figure: 'start-up',
  value,
  unit: 'ms',
  ...more,
});

describe('a ratio', () => {
  test.each([
    ['a rate that halves', rate(100), rate(50), 2],
    ['a rate that doubles', rate(100), rate(200), 0.5],
    ['a rate in MB/s', rate(1, { unit: 'MB/s' }), rate(4, { unit: 'MB/s' }), 0.25],
    ['a time that doubles', time(10), time(20), 2],
    ['a time in s', time(10, { unit: 's' }), time(5, { unit: 's' }), 0.5],
    ['memory that grows', time(2, { unit: 'MiB' }), time(3, { unit: 'MiB' }), 1.5],
    ['what there still is none of', time(0, { unit: 'tasks' }), time(0, { unit: 'tasks' }), 1],
    ['what there was none of', time(0, { unit: 'tasks' }), time(2, { unit: 'tasks' }), Infinity],
    ['a ratio itself, without a unit', time(2, { unit: '' }), time(3, { unit: '' }), 1.5],
  ])('of %s says how much more is needed', (_, before, after, ratio) => {
    expect(compare([before], [after])).toMatchObject({ figures: [{ ratio }], ratio, alone: [] });
  });

  test('of the whole list is the middle one', () => {
    const before = [1, 2, 3].map((slotKibibytes) => time(10, { slotKibibytes }));
    const after = [40, 11, 10].map((value, at) => time(value, { slotKibibytes: at + 1 }));
    expect(compare(before, after).ratio).toBe(1.1);
  });

  test('of a list of two, one twice as fast and one half, is 1', () => {
    expect(compare([rate(1), time(1)], [rate(2), time(2)]).ratio).toBe(1);
  });

  test('of nothing is none', () => {
    expect(compare([rate(1)], [time(1)])).toEqual({
      figures: [],
      alone: ['transfers', 'start-up'],
      ratio: NaN,
    });
  });
});

describe('figures', () => {
  test('belong together by name and sizes; what else was counted may differ', () => {
    const before = [
      rate(10, { blockBytes: 64, cuts: 1 }),
      rate(1000, { blockBytes: 512, cuts: 2 }),
    ];
    const after = [rate(500, { blockBytes: 512, cuts: 3 }), rate(10, { blockBytes: 64 })];
    expect(compare(before, after).figures.map(({ name, ratio }) => [name, ratio])).toEqual([
      ['transfers, blockBytes 64', 1],
      ['transfers, blockBytes 512', 2],
    ]);
  });

  test('of another unit or in one list alone are not compared', () => {
    const { figures, alone } = compare(
      [rate(1), time(1, { unit: 's' })],
      [rate(1), time(1000), rate(1, { blockBytes: 1 })],
    );
    expect(figures).toHaveLength(1);
    expect(alone).toEqual(['start-up', 'transfers, blockBytes 1']);
  });

  test('of several runs count with their middle', () => {
    expect(compare([rate(100)], [rate(10), rate(50), rate(1000)]).ratio).toBe(2);
  });

  test('are printed worst first, with the whole behind them', () => {
    expect(comparisonLines(compare([rate(100), time(10)], [rate(100), time(15)]))).toEqual([
      '1.500  start-up: 10 -> 15 ms',
      '1.000  transfers: 100 -> 100 1/s',
      '1.225  the middle of 2 ratios; above 1 the second is worse',
    ]);
  });
});

describe('a file of a run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dfukit-bench-'));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('says where and when, and is read back', () => {
    const around = circumstances();
    expect(around).toMatchObject({
      node: process.version,
      date: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
      commit: expect.stringMatching(/^([0-9a-f]{12}\+?|unknown)$/) as string,
      cpu: expect.any(String) as string,
    });
    const file = join(folder, 'new', 'run.json');
    writeRun(file, { ...around, figures: [rate(1)] });
    expect(readRun(file)).toEqual([rate(1)]);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ node: process.version });
    expect(defaultFile({ date: '2026-01-02T03:04:05.678Z', commit: 'abc+' })).toBe(
      'bench/runs/2026-01-02T03-04-05.678Z-abc+.json',
    );
  });

  test('may be what an older checkout printed, npm’s words among it', () => {
    const again = mkdtempSync(join(tmpdir(), 'dfukit-bench-'));
    const file = join(again, 'old.txt');
    writeFileSync(file, `\n> dfukit@0.1.0 bench\n\n${JSON.stringify(rate(3))}\n{"other":1}\n`);
    expect(readRun(file)).toEqual([rate(3)]);
    writeFileSync(file, 'nothing\n');
    expect(() => readRun(file)).toThrow('expected figures of the benchmarks, got none');
    rmSync(again, { recursive: true });
  });
});
