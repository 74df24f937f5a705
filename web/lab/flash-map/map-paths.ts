import type { FlashOutline } from '../../boards/flash-outline.ts';
import type { Extent, MapGrid, Run } from './map-layout.ts';

/** Pixels of a cell. */
export interface CellSize {
  readonly width: number;
  readonly height: number;
}

/** Path data of a run: like marked text, from somewhere in one row to somewhere in another. */
export function runPath({ from, to }: Run, { columns }: MapGrid, cell: CellSize): string {
  const firstRow = Math.floor(from / columns);
  const lastRow = Math.max(firstRow, Math.ceil(to / columns) - 1);
  const x = (position: number, row: number): number =>
    round((position - row * columns) * cell.width);
  const y = (row: number): number => round(row * cell.height);
  const left = x(from, firstRow);
  const right = x(to, lastRow);
  const all = round(columns * cell.width);
  if (firstRow === lastRow) return box(left, y(firstRow), right, y(firstRow + 1));
  // Two pieces that do not touch each other.
  if (lastRow === firstRow + 1 && right <= left) {
    return `${box(left, y(firstRow), all, y(lastRow))}${box(0, y(lastRow), right, y(lastRow + 1))}`;
  }
  const [top, second, bottom, end] = [y(firstRow), y(firstRow + 1), y(lastRow), y(lastRow + 1)];
  return `M${left} ${top}H${all}V${bottom}H${right}V${end}H0V${second}H${left}Z`;
}

function box(left: number, top: number, right: number, bottom: number): string {
  return `M${left} ${top}H${right}V${bottom}H${left}Z`;
}

function round(px: number): number {
  return Math.round(px * 100) / 100;
}

/** Lines between sectors: whole ones where every cell is a sector of its own or several. */
export function sectorLines(geometry: FlashOutline, grid: MapGrid, cell: CellSize): string {
  const { columns, rows, cellBytes } = grid;
  const lines: string[] = [];
  for (let row = 1; row < rows; row++) {
    lines.push(`M0 ${round(row * cell.height)}H${round(columns * cell.width)}`);
  }
  const isEven = geometry.sectors.every(({ sizeBytes }) => sizeBytes <= cellBytes);
  if (isEven) {
    for (let column = 1; column < columns; column++) {
      lines.push(`M${round(column * cell.width)} 0V${round(rows * cell.height)}`);
    }
    return lines.join('');
  }
  for (const { offsetBytes } of geometry.sectors) {
    const at = offsetBytes / cellBytes;
    const row = Math.floor(at / columns);
    const x = round((at - row * columns) * cell.width);
    if (x > 0) lines.push(`M${x} ${round(row * cell.height)}v${round(cell.height)}`);
  }
  return lines.join('');
}

/** Path data of whole cells. */
export function cellsPath(cells: Iterable<number>, { columns }: MapGrid, cell: CellSize): string {
  const parts: string[] = [];
  for (const each of cells) {
    const x = round((each % columns) * cell.width);
    const y = round(Math.floor(each / columns) * cell.height);
    parts.push(`M${x} ${y}h${cell.width}v${cell.height}h${-cell.width}Z`);
  }
  return parts.join('');
}

/** Every cell that a place in flash lies in, wholly or in part. */
export function cellsOf(
  { offsetBytes, sizeBytes }: Extent,
  { cellBytes, cells }: MapGrid,
): number[] {
  const first = Math.floor(offsetBytes / cellBytes);
  const last = Math.floor((offsetBytes + Math.max(1, sizeBytes) - 1) / cellBytes);
  const found: number[] = [];
  for (let cell = Math.max(0, first); cell <= last && cell < cells; cell++) found.push(cell);
  return found;
}

/** Width in px of the part of a run that is in its first row. */
export function firstRowWidth({ from, to }: Run, { columns }: MapGrid, cell: CellSize): number {
  const endOfRow = (Math.floor(from / columns) + 1) * columns;
  return (Math.min(to, endOfRow) - from) * cell.width;
}
