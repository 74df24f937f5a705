import { DfuError, hexNumber } from '../../bytes/index.ts';
import { parseMemoryLayout } from '../../dfu/index.ts';
import type { SectorRun } from '../../flash/index.ts';
import type { BoardModel } from './board-model.ts';

/** Runs of equal sectors in words; equal ones behind one another are one. */
function runsText(runs: readonly Pick<SectorRun, 'count' | 'sizeBytes'>[]): string {
  const merged: { count: number; sizeBytes: number }[] = [];
  for (const { count, sizeBytes } of runs) {
    const last = merged.at(-1);
    if (last?.sizeBytes === sizeBytes) last.count += count;
    else merged.push({ count, sizeBytes });
  }
  return merged.map(({ count, sizeBytes }) => `${count} × ${sizeBytes}`).join(', ');
}

/** Throws `INVALID_ARGUMENT` for a loader that tells hosts of another flash than the board has. */
export function checkSystemMemory({ systemMemory, flash, flashBaseAddress }: BoardModel): void {
  if (systemMemory === undefined) return;
  const wrong = (words: string): DfuError =>
    new DfuError('INVALID_ARGUMENT', `systemMemory.flashLayout: ${words}`);
  const place = (address: number, runs: Parameters<typeof runsText>[0]): string =>
    `${runsText(runs)} bytes at ${hexNumber(address, 8)}`;
  const expected = place(flashBaseAddress, flash.sectors);
  let told: string;
  try {
    const { regions } = parseMemoryLayout(systemMemory.flashLayout);
    told = regions.map(({ address, runs }) => place(address, runs)).join(' and ');
  } catch (error) {
    if (DfuError.is(error)) throw wrong(error.message);
    throw error;
  }
  if (told === expected) return;
  const got = `got "${systemMemory.flashLayout}": ${told}`;
  throw wrong(`expected the layout of the board's flash, ${expected}, ${got}`);
}
