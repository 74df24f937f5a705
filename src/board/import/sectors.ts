import { DfuError } from '../../bytes/index.ts';
import type { SectorRun } from '../../flash/index.ts';

const RUN = /^(?:([1-9]\d{0,6})x)?(0x[0-9a-f]{1,8}|\d{1,10})([KM]?)$/i;
/** The other way round, where the size is seen by its unit: `16Kx4`. */
const TURNED = /^(0x[0-9a-f]{1,8}|\d{1,10}(?=[KM]))([KM]?)x([1-9]\d{0,6})$/i;
const FACTORS: Readonly<Record<string, number>> = { K: 1024, M: 1024 * 1024 };

/** A run of sectors; without a count they fill the flash. */
export interface SectorWish {
  readonly count?: number | undefined;
  readonly sizeBytes: number;
}

/**
 * Reads sectors in order of address, `4x16K,64K,7x128K`, or the size of all of them, `4K`; `16Kx4` is `4x16K`.
 * Throws `INVALID_ARGUMENT`.
 */
export function parseSectors(text: string): readonly SectorWish[] {
  const parts = text.split(',').map((part) => part.trim());
  return parts.map((part) => {
    const [, size = '', unit = '', count] = TURNED.exec(part) ?? turned(RUN.exec(part));
    const sizeBytes = Number(size) * (FACTORS[unit.toUpperCase()] ?? 1);
    const one = parts.length === 1 ? undefined : 1;
    const many = count === undefined ? one : Number(count);
    const isBounded = sizeBytes <= 2 ** 32 && (many ?? 1) <= 2 ** 20;
    if (size !== '' && sizeBytes > 0 && isBounded) return { count: many, sizeBytes };
    const expected = 'expected sectors as 4x16K,1x64K,7x128K, or a size, 4K';
    throw new DfuError('INVALID_ARGUMENT', `--sectors: ${expected}, got "${text.slice(0, 60)}"`);
  });
}

/** What `RUN` has found, as `TURNED` would. */
function turned(found: RegExpExecArray | null): readonly (string | undefined)[] {
  const [all, count, size, unit] = found ?? [];
  return [all, size, unit, count];
}

/** Runs of sectors as `--sectors` has them. */
export function sectorsText(runs: readonly SectorRun[]): string {
  return runs.map(({ count, sizeBytes }) => `${count}x${sizeText(sizeBytes)}`).join(',');
}

/** `16K`, or bytes where it is no whole number of them. */
export function sizeText(bytes: number): string {
  return bytes % 1024 === 0 && bytes > 0 ? `${bytes / 1024}K` : `${bytes}`;
}

/** Bytes of all of them. */
function totalBytes(runs: readonly SectorRun[]): number {
  return runs.reduce((sum, { count, sizeBytes }) => sum + count * sizeBytes, 0);
}

/**
 * The runs that were asked for, in a flash of that size. Throws `INVALID_ARGUMENT` if they do not fill it
 * as they should.
 */
export function fillSectors(wishes: readonly SectorWish[], flashBytes: number): SectorRun[] {
  const runs = wishes.map(({ count, sizeBytes }) => ({
    count: count ?? Math.floor(flashBytes / sizeBytes),
    sizeBytes,
  }));
  const total = totalBytes(runs);
  if (total === flashBytes) return runs;
  const expected = `expected sectors that fill the flash of ${flashBytes} bytes`;
  throw new DfuError('INVALID_ARGUMENT', `--sectors: ${expected}, got ${total} bytes`);
}
