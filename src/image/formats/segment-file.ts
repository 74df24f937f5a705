import { DfuError, hexNumber } from '../../bytes/index.ts';
import { ascii } from './ascii.ts';
import { readElf } from './elf.ts';
import { readHexSegments } from './intel-hex.ts';
import { readSRecords } from './s-records.ts';
import type { SegmentFormat } from './segment-format.ts';
import type { Segment } from './segment.ts';
import { readUf2 } from './uf2.ts';
import type { Uf2Family } from './uf2.ts';

/** What is wanted of a file that has something for several. */
export interface ReadSegmentsOptions {
  /** Of a UF2 file for several chips: the family whose blocks are wanted, by number or by name (`RP2040`). */
  readonly family?: number | string | undefined;
}

const plainName = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

function isFamily({ id, name }: Uf2Family, wanted: number | string): boolean {
  if (typeof wanted === 'number') return id === wanted;
  if (name !== undefined && plainName(name) === plainName(wanted)) return true;
  return id !== undefined && /^(?:0x[0-9a-f]+|\d+)$/i.test(wanted) && Number(wanted) === id;
}

/** A UF2 file may be for several chips: nothing but its reader can tell which of them is meant. */
function oneFamily(file: Uint8Array, wanted: number | string | undefined): readonly Segment[] {
  const { families } = readUf2(file);
  const [first, ...others] = families;
  if (wanted === undefined && others.length === 0) return first?.segments ?? [];
  const found = families.find((each) => wanted !== undefined && isFamily(each, wanted));
  if (found !== undefined) return found.segments;
  const shown = families.slice(0, 8).map(({ id, name }) => {
    const number = id === undefined ? 'none named' : hexNumber(id, 8);
    return name === undefined ? number : `${name} (${number})`;
  });
  const rest = families.length > 8 ? ` and ${families.length - 8} more` : '';
  const names = `${shown.join(', ')}${rest}`;
  if (wanted === undefined) {
    const message = `UF2: expected blocks for one family, got ${names}`;
    throw new DfuError('AMBIGUOUS', message, { remedies: ['family'] });
  }
  const name = typeof wanted === 'number' ? hexNumber(wanted, 8) : wanted;
  throw new DfuError('INVALID_ARGUMENT', `UF2: expected blocks for ${name}, got ${names}`);
}

/**
 * The segments of a file of a format that has addresses, by address, what touches joined. Throws
 * `MALFORMED`, `TRUNCATED` or `UNSUPPORTED` with the line, block or header that is not as it should be;
 * `AMBIGUOUS` for a UF2 file for several families of chips if none is named, `INVALID_ARGUMENT` if it has
 * nothing for the one that is.
 */
export function readSegments(
  file: Uint8Array,
  format: SegmentFormat,
  { family }: ReadSegmentsOptions = {},
): readonly Segment[] {
  switch (format) {
    case 'hex':
      return readHexSegments(ascii(file));
    case 'srec':
      return readSRecords(ascii(file));
    case 'uf2':
      return oneFamily(file, family);
    case 'elf':
      return readElf(file);
    default:
      return format satisfies never;
  }
}
