import { hexNumber } from '../../bytes/index.ts';
import type { FlashRange } from '../../flash/index.ts';
import type { Pair, Session } from './session.ts';

// Groups of sectors that swap using scratch exchanges at once.

/**
 * Number of the last sector of the primary slot that these bytes need; sectors of the two slots are
 * counted until both have enough and the same. The C code does not stop at the end of its lists.
 */
function lastSector(session: Session, { primary, secondary }: Pair, swapSize: number): number {
  const lists = [primary.area.sectors, secondary.area.sectors] as const;
  const sums: [number, number] = [0, 0];
  const counts: [number, number] = [0, 0];
  const takes = (one: 0 | 1): boolean =>
    sums[one] < swapSize || sums[one] < sums[one === 0 ? 1 : 0];
  const take = (one: 0 | 1): void => {
    if (!takes(one)) return;
    const sector = lists[one][counts[one]];
    if (sector === undefined) {
      const size = hexNumber(swapSize);
      session.halt(
        'fault',
        `swap_size ${size} exceeds the slots; MCUboot reads past its sector list`,
      );
    }
    sums[one] += sector.sizeBytes;
    counts[one] += 1;
  };
  do {
    take(0);
    take(1);
  } while (sums[0] < swapSize || sums[0] !== sums[1]);
  return counts[0] - 1;
}

/** The groups of a swap of this size that fit into this much of scratch, in the order of the swap. */
export function groupsOf(
  session: Session,
  pair: Pair,
  { swapSize, roomBytes }: { readonly swapSize: number; readonly roomBytes: number },
): FlashRange[] {
  const { sectors } = pair.primary.area;
  const groups: FlashRange[] = [];
  let last = lastSector(session, pair, swapSize);
  while (last >= 0) {
    let sizeBytes = 0;
    let offsetBytes = 0;
    for (; last >= 0; last -= 1) {
      const sector = sectors[last];
      if (sector === undefined || sizeBytes + sector.sizeBytes > roomBytes) break;
      sizeBytes += sector.sizeBytes;
      ({ offsetBytes } = sector);
    }
    if (sizeBytes === 0) session.halt('hang', 'a sector is larger than scratch');
    groups.push({ offsetBytes, sizeBytes });
  }
  return groups;
}
