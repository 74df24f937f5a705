import type { Pair, Session, SlotIndex } from './session.ts';

/** Two lists of sectors, walked in step. */
interface Walk {
  readonly sums: [number, number];
  readonly at: [number, number];
}

/**
 * Whether the sectors of one slot tile those of the other, in tiles that fit into scratch
 * (boot_slots_compatible). Which slot has the smaller sectors may change from tile to tile, not
 * within one. Without a size of scratch, as with overwrite-only, the slots are one tile.
 */
export function tilesMatch(
  session: Session,
  { primary, secondary }: Pair,
  scratchBytes: number | undefined,
): boolean {
  const lists = [primary.area.sectors, secondary.area.sectors] as const;
  const refuse = (why: string): boolean => {
    session.warn(`Cannot upgrade: ${why}`);
    return false;
  };
  if (lists.some((list) => list.length > session.build.maxImgSectors)) {
    return refuse('more sectors than allowed');
  }
  const walk: Walk = { sums: [0, 0], at: [0, 0] };
  const take = (slot: SlotIndex): void => {
    walk.sums[slot] += lists[slot][walk.at[slot]]?.sizeBytes ?? 0;
    walk.at[slot] += 1;
  };
  const left = (slot: SlotIndex): number => lists[slot].length - walk.at[slot];
  let smaller: SlotIndex | undefined;
  while (left(0) > 0 || left(1) > 0) {
    const behind = slotBehind(walk);
    if (behind === undefined) {
      take(0);
      take(1);
    } else {
      take(behind);
      if (smaller === (behind === 0 ? 1 : 0)) return refuse('slots have non-compatible sectors');
      smaller = behind;
    }
    if (left(0) < 0 || left(1) < 0) break;
    if (scratchBytes === undefined || slotBehind(walk) !== undefined) continue;
    if (walk.sums[0] > scratchBytes) return refuse('not all sectors fit inside scratch');
    smaller = undefined;
    walk.sums.fill(0);
  }
  const whole = left(0) === 0 && left(1) === 0 && slotBehind(walk) === undefined;
  return whole || refuse('slots are not compatible');
}

/** The slot that has had fewer bytes; undefined if both had the same. */
function slotBehind({ sums }: Walk): SlotIndex | undefined {
  if (sums[0] === sums[1]) return undefined;
  return sums[0] < sums[1] ? 0 : 1;
}
