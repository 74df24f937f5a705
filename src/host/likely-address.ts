import { DfuError, hexNumber } from '../bytes/index.ts';
import { accessibleBytes, regionBytes, sectorsOf } from '../dfu/index.ts';
import type { MemoryLayout } from '../dfu/index.ts';
import { readImageHeader, recognise } from '../image/index.ts';

/** Most sectors that are looked at: a device may claim millions. */
const MOST_SECTORS = 4096;

/** Most addresses that are told; of more none is likely. */
const MOST_TOLD = 3;

interface Entry {
  /** Address of the code that runs first. */
  readonly handler: number;
  /** Where in the file its program begins. */
  readonly offsetBytes: number;
}

/** Undefined for a header that cannot be one. */
function headerSize(bytes: Uint8Array): number | undefined {
  try {
    return readImageHeader(bytes).hdrSize;
  } catch (error) {
    if (DfuError.is(error)) return undefined;
    throw error;
  }
}

/** What a Cortex-M runs first, by the vector table of a program, or of the one in an MCUboot image. */
function entryOf(bytes: Uint8Array): Entry | undefined {
  const what = recognise(bytes);
  if (what.format === 'binary' && what.vectors !== undefined) {
    const { resetHandler, offsetBytes } = what.vectors;
    return { handler: resetHandler - 1, offsetBytes };
  }
  if (what.format !== 'mcuboot') return undefined;
  const hdrSize = headerSize(bytes);
  if (hdrSize === undefined) return undefined;
  const inside = recognise(bytes.subarray(hdrSize));
  if (inside.format !== 'binary' || inside.vectors === undefined) return undefined;
  return { handler: inside.vectors.resetHandler - 1, offsetBytes: hdrSize };
}

/** Beginnings of sectors at which the program would have what it runs first within itself. */
function candidates(
  bytes: Uint8Array,
  layout: MemoryLayout,
  { handler, offsetBytes }: Entry,
): number[] {
  const found: number[] = [];
  for (const region of layout.regions) {
    const size = regionBytes(region);
    if (handler < region.address || handler >= region.address + size) continue;
    let seen = 0;
    for (const { address } of sectorsOf(layout, region.address, size)) {
      seen += 1;
      if (address > handler || seen > MOST_SECTORS) break;
      const isInside = handler >= address + offsetBytes && handler < address + bytes.length;
      if (isInside && accessibleBytes(layout, address, 'writable') >= bytes.length) {
        found.push(address);
      }
    }
  }
  return found;
}

/** Where a file without addresses looks as if it belonged: beginnings of sectors, by its vector table. A proposal and no answer. */
export function likelyAddresses(bytes: Uint8Array, layout: MemoryLayout): number[] {
  const entry = entryOf(bytes);
  return entry === undefined ? [] : candidates(bytes, layout, entry);
}

/**
 * Where a file without addresses looks as if it belonged, in words for behind a message; empty where nothing is
 * likely. It is a proposal and no answer: nothing is sent by it.
 */
export function likelyAddress(bytes: Uint8Array, layout: MemoryLayout | undefined): string {
  const entry = layout === undefined ? undefined : entryOf(bytes);
  if (entry === undefined || layout === undefined) return '';
  const found = candidates(bytes, layout, entry);
  if (found.length === 0 || found.length > MOST_TOLD) return '';
  const where = found.map((each) => hexNumber(each, 8)).join(' or ');
  return `; by its vector table, which starts at ${hexNumber(entry.handler, 8)}, it is for ${where}`;
}
