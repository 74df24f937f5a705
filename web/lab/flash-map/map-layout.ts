import type { FlashOutline } from '../../boards/flash-outline.ts';

/** Where something is in flash. */
export interface Extent {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** Flash as rows of cells, each of the same number of bytes. */
export interface MapGrid {
  readonly cellBytes: number;
  readonly cells: number;
  readonly columns: number;
  readonly rows: number;
}

/** From here to there in cells, counted through all rows. */
export interface Run {
  readonly from: number;
  readonly to: number;
}

/** More would be too small to be seen, and to be pointed at. */
const MOST_CELLS = 1024;

/** More would be higher than a phone. */
const MOST_ROWS = 32;

/** Least part of a cell that a range gets to be seen by, however small it is. */
const LEAST_SHARE = 0.2;

/** The grid of a flash: a cell is its smallest sector, or several where there are too many of them. */
export function gridOf({ sizeBytes, sectors }: FlashOutline, widthPx: number): MapGrid {
  const smallest = sectors.reduce((least, each) => Math.min(least, each.sizeBytes), sizeBytes);
  for (let cellBytes = Math.max(1, smallest); ; cellBytes *= 2) {
    const cells = Math.max(1, Math.ceil(sizeBytes / cellBytes));
    const columns = columnsFor(cells, widthPx);
    const rows = Math.ceil(cells / columns);
    if (cells <= MOST_CELLS && rows <= MOST_ROWS) return { cellBytes, cells, columns, rows };
  }
}

/** A power of two, so that rows begin at round addresses: cells as wide as a finger needs, as far as there is room. */
function columnsFor(cells: number, widthPx: number): number {
  const least = cells > 512 ? 10 : 12;
  let columns = 4;
  while (columns * 2 * least <= widthPx && columns * 2 <= cells && columns * columns < cells * 4) {
    columns *= 2;
  }
  return Math.min(columns, cells);
}

/**
 * Where ranges stand in the grid. They follow one another without gaps; one that is much smaller than a cell is drawn larger
 * than it is, at the cost of its neighbours in that cell.
 */
export function runsOf(ranges: readonly Extent[], { cellBytes }: MapGrid): Run[] {
  const shares = new CellShares(cellBytes);
  for (const range of ranges) shares.add(range);
  return ranges.map((range) => {
    const end = range.offsetBytes + range.sizeBytes;
    const last = Math.floor((end - 1) / cellBytes);
    return {
      from: shares.startOf(Math.floor(range.offsetBytes / cellBytes), range),
      to: shares.endOf(last, range),
    };
  });
}

/** Which ranges share a cell, and how much of it each is given. */
class CellShares {
  readonly #cellBytes: number;
  readonly #cells = new Map<number, Extent[]>();

  constructor(cellBytes: number) {
    this.#cellBytes = cellBytes;
  }

  add(range: Extent): void {
    const first = Math.floor(range.offsetBytes / this.#cellBytes);
    const last = Math.floor((range.offsetBytes + range.sizeBytes - 1) / this.#cellBytes);
    for (const cell of new Set([first, last])) {
      const there = this.#cells.get(cell);
      if (there === undefined) this.#cells.set(cell, [range]);
      else there.push(range);
    }
  }

  startOf(cell: number, range: Extent): number {
    return cell + this.#before(cell, range);
  }

  endOf(cell: number, range: Extent): number {
    return cell + this.#before(cell, range) + this.#width(cell, range);
  }

  #before(cell: number, range: Extent): number {
    const there = this.#cells.get(cell) ?? [];
    return there
      .slice(0, there.indexOf(range))
      .reduce((sum, each) => sum + this.#width(cell, each), 0);
  }

  #width(cell: number, range: Extent): number {
    const there = this.#cells.get(cell) ?? [];
    const share = this.#share(cell, range);
    if (there.every((each) => this.#share(cell, each) >= LEAST_SHARE)) return share;
    const least = Math.min(LEAST_SHARE, 1 / there.length);
    return least + share * (1 - there.length * least);
  }

  /** Of the bytes that are in the cell at all: the last one of a flash may be cut short. */
  #share(cell: number, range: Extent): number {
    const from = Math.max(range.offsetBytes, cell * this.#cellBytes);
    const to = Math.min(range.offsetBytes + range.sizeBytes, (cell + 1) * this.#cellBytes);
    return (to - from) / this.#cellBytes;
  }
}

/** Index of the range that a place in flash is in; -1 outside of all. Ranges are in order. */
export function rangeAt(ranges: readonly Extent[], offsetBytes: number): number {
  return ranges.findIndex(
    (each) => offsetBytes >= each.offsetBytes && offsetBytes < each.offsetBytes + each.sizeBytes,
  );
}

/** The range one row further up or down from where this one begins; the same where there is none. */
export function rangeInRow(
  runs: readonly Run[],
  index: number,
  step: 1 | -1,
  columns: number,
): number {
  const here = runs[index];
  if (here === undefined) return index;
  const last = runs.at(-1)?.to ?? 0;
  for (let at = here.from + step * columns; at >= 0 && at < last; at += step * columns) {
    const found = runs.findIndex(({ from, to }) => at >= from && at < to);
    if (found !== index && found !== -1) return found;
  }
  return index;
}
