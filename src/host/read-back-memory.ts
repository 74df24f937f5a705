import { hexNumber } from '../bytes/index.ts';
import { accessibleBytes, sectorsOf } from '../dfu/index.ts';
import type { DfuSeElement, MemoryLayout } from '../dfu/index.ts';
import { printable } from './dfu-interface.ts';
import type { DfuInterface } from './dfu-interface.ts';
import { unreadable } from './read-back.ts';

/** Why memory of a DfuSe device cannot be read back, in words; undefined if it can. */
export function unreadableMemory(
  entry: DfuInterface,
  layout: MemoryLayout | undefined,
  elements: readonly DfuSeElement[],
): string | undefined {
  const why = unreadable(entry);
  if (why !== undefined || layout === undefined) return why;
  for (const { address, data } of elements) {
    const left = accessibleBytes(layout, address, 'readable');
    if (left < data.length) {
      const where = hexNumber(address + left, 8);
      return `${where} is not readable in "${printable(layout.name.trim())}"`;
    }
  }
  return undefined;
}

/** The parts of elements that lie in sectors which are wanted, each as long as it can be. */
export function inSectors(
  elements: readonly DfuSeElement[],
  layout: MemoryLayout,
  isWanted: (sectorAddress: number) => boolean,
): readonly DfuSeElement[] {
  const wanted: DfuSeElement[] = [];
  for (const { address, data } of elements) {
    let start: number | undefined;
    let end = 0;
    const take = (): void => {
      if (start === undefined) return;
      wanted.push({ address: address + start, data: data.subarray(start, end) });
      start = undefined;
    };
    for (const sector of sectorsOf(layout, address, data.length)) {
      const from = Math.max(0, sector.address - address);
      end = from;
      if (isWanted(sector.address)) {
        start ??= from;
        end = Math.min(data.length, sector.address + sector.sizeBytes - address);
      } else take();
    }
    take();
  }
  return wanted;
}
