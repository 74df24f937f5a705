import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FlashOutline } from '../../../web/boards/flash-outline.ts';
import { gridOf, rangeAt, rangeInRow, runsOf } from '../../../web/lab/flash-map/map-layout.ts';
import type { Extent } from '../../../web/lab/flash-map/map-layout.ts';
import { cellsOf, runPath } from '../../../web/lab/flash-map/map-paths.ts';
import { rangeLabel, sizeText } from '../../../web/lab/flash-map/range-text.ts';
import { TouchedCells } from '../../../web/lab/flash-map/touched-cells.ts';

const KiB = 1024;

function flashOf(...sizes: readonly number[]): FlashOutline {
  let offsetBytes = 0;
  const sectors = sizes.map((sizeBytes) => {
    const sector = { offsetBytes, sizeBytes };
    offsetBytes += sizeBytes;
    return sector;
  });
  return { baseAddress: 0, sizeBytes: offsetBytes, sectors };
}

const even = (count: number, sizeBytes: number): FlashOutline =>
  flashOf(...Array.from({ length: count }, () => sizeBytes));

/** Ranges of those sizes, one behind the other. */
function rangesOf(sizes: readonly number[]): Extent[] {
  let offsetBytes = 0;
  return sizes.map((sizeBytes) => {
    const range = { offsetBytes, sizeBytes };
    offsetBytes += sizeBytes;
    return range;
  });
}

describe('the grid', () => {
  test('has a cell for each sector, and rows that begin at round addresses', () => {
    expect(gridOf(even(256, 4 * KiB), 900)).toEqual({
      cellBytes: 4 * KiB,
      cells: 256,
      columns: 32,
      rows: 8,
    });
    expect(gridOf(even(256, 4 * KiB), 210).columns).toBe(16);
  });

  test('has several cells for a sector that is larger than others', () => {
    const sizes = [16, 16, 16, 16, 64, 128, 128].map((each) => each * KiB);
    expect(gridOf(flashOf(...sizes), 900)).toMatchObject({ cellBytes: 16 * KiB, cells: 24 });
  });

  test('has 1024 cells at most, however large a flash is', () => {
    const { cells, cellBytes } = gridOf(even(65_536, 4 * KiB), 900);
    expect(cells).toBe(1024);
    expect(cellBytes).toBe(256 * KiB);
  });

  test('is no higher than a phone', () => {
    const { columns, rows, cellBytes } = gridOf(even(1024, 4 * KiB), 210);
    expect({ columns, rows, cellBytes }).toEqual({ columns: 16, rows: 32, cellBytes: 8 * KiB });
  });
});

describe('ranges in the grid', () => {
  const grid = gridOf(even(64, 4 * KiB), 900);

  test('stand where their bytes are', () => {
    expect(runsOf(rangesOf([8 * KiB, 2 * KiB, 246 * KiB]), grid)).toEqual([
      { from: 0, to: 2 },
      { from: 2, to: 2.5 },
      { from: 2.5, to: 64 },
    ]);
  });

  test('of a few bytes can be seen, at the cost of their neighbours', () => {
    const [header, image] = runsOf(rangesOf([32, 256 * KiB - 32]), grid);
    expect((header?.to ?? 0) - (header?.from ?? 0)).toBeGreaterThanOrEqual(0.2);
    expect(image).toEqual({ from: header?.to, to: 64 });
  });

  test('follow one another without gaps, each with a width, to the last cell', () => {
    const total = 64 * 4 * KiB;
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: total - 1 }), { maxLength: 40 });
    fc.assert(
      fc.property(cuts, (unsorted) => {
        const bounds = [0, ...unsorted.toSorted((a, b) => a - b), total];
        const sizes = bounds.slice(1).map((bound, n) => bound - (bounds[n] ?? 0));
        const runs = runsOf(rangesOf(sizes), grid);
        expect(runs[0]?.from).toBe(0);
        expect(runs.at(-1)?.to).toBeCloseTo(64, 6);
        for (const { from, to } of runs) expect(to - from).toBeGreaterThan(0.005);
        for (const [n, { from }] of runs.slice(1).entries())
          expect(from).toBeCloseTo(runs[n]?.to ?? -1, 6);
      }),
      { numRuns: 200 },
    );
  });

  test('are found by a place in them, and from row to row', () => {
    const ranges = rangesOf([4 * KiB, 124 * KiB, 128 * KiB]);
    const runs = runsOf(ranges, grid);
    expect(rangeAt(ranges, 4 * KiB)).toBe(1);
    expect(rangeAt(ranges, 256 * KiB)).toBe(-1);
    expect(rangeInRow(runs, 0, 1, grid.columns)).toBe(1);
    expect(rangeInRow(runs, 1, 1, grid.columns)).toBe(2);
    expect(rangeInRow(runs, 2, -1, grid.columns)).toBe(1);
    expect(rangeInRow(runs, 2, 1, grid.columns)).toBe(2);
  });
});

describe('paths', () => {
  const grid = { cellBytes: KiB, cells: 16, columns: 4, rows: 4 };
  const cell = { width: 10, height: 10 };

  test('of one row, of two pieces, and of many rows', () => {
    expect(runPath({ from: 1, to: 3 }, grid, cell)).toBe('M10 0H30V10H10Z');
    expect(runPath({ from: 0, to: 4 }, grid, cell)).toBe('M0 0H40V10H0Z');
    expect(runPath({ from: 3, to: 5 }, grid, cell)).toBe('M30 0H40V10H30ZM0 10H10V20H0Z');
    expect(runPath({ from: 2, to: 11 }, grid, cell)).toBe('M20 0H40V20H30V30H0V10H20Z');
  });

  test('an operation touches every cell that has a byte of it, and none outside', () => {
    expect(cellsOf({ offsetBytes: 1000, sizeBytes: 100 }, grid)).toEqual([0, 1]);
    expect(cellsOf({ offsetBytes: 15 * KiB, sizeBytes: 9 * KiB }, grid)).toEqual([15]);
  });
});

describe('cells that were touched', () => {
  test('are fresh, fade and go', () => {
    const cells = new TouchedCells();
    cells.touch([1, 2], 'erase', 0);
    cells.touch([2], 'program', 100);
    expect(cells.at(150, false)).toEqual({ erase: [1], program: [2], fading: [] });
    expect(cells.at(250, false)).toEqual({ erase: [], program: [2], fading: [1] });
    expect(cells.at(750, false)).toEqual({ erase: [], program: [], fading: [2] });
    expect(cells.at(2000, false)).toEqual({ erase: [], program: [], fading: [] });
    expect(cells.isEmpty).toBe(true);
  });

  test('stand still where nothing shall move', () => {
    const cells = new TouchedCells();
    cells.touch([1], 'erase', 0);
    expect(cells.at(1400, true)).toEqual({ erase: [1], program: [], fading: [] });
    expect(cells.at(1600, true)).toEqual({ erase: [], program: [], fading: [] });
  });
});

test('a range in one line, for whoever hears it', () => {
  const range = {
    offsetBytes: 0xc000,
    sizeBytes: 512,
    kind: 'header',
    area: 'slot 0',
    title: 'MCUboot image 1.0.0',
    words: [],
  } as const;
  expect(rangeLabel(range, 0x0800_0000)).toBe(
    'Header: MCUboot image 1.0.0, slot 0, 512 bytes at 0x0800c000 to 0x0800c1ff',
  );
  expect([sizeText(1), sizeText(1000), sizeText(65_536), sizeText(1 << 20)]).toEqual([
    '1 byte',
    '1,000 bytes',
    '64 KiB',
    '1 MiB',
  ]);
});
