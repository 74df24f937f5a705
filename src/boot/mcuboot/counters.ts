import { TlvType } from '../../image/index.ts';
import { isSwap } from './config.ts';
import type { Machine, Refusal } from './machine.ts';
import { imageOf } from './machine.ts';
import type { Pair, SlotIndex } from './session.ts';
import { slotOf } from './session.ts';
import type { ImagePlace } from './slot-image.ts';
import { readProtectedTlvs, u32Of } from './slot-image.ts';
import { attempt } from './swap-common.ts';
import { downgradeRefusal, isOlder } from './validate-slot.ts';

// Security counters: the one in an image's protected TLVs, and the one that hardware keeps.

/** The counter that an image carries; undefined if there is none. */
function securityCounter(place: ImagePlace): number | undefined {
  const record = readProtectedTlvs(place)?.find(({ type }) => type === TlvType.SEC_CNT);
  return record === undefined ? undefined : u32Of(record);
}

/** Raises the hardware counter to an image's; false if the image has none. */
export function raiseCounter(
  { counters }: Machine,
  pair: Pair,
  { slot, headerOf }: { readonly slot: SlotIndex; readonly headerOf: SlotIndex },
): boolean {
  const { header } = slotOf(pair, headerOf);
  const value = securityCounter({ area: slotOf(pair, slot).area, offsetBytes: 0, header });
  if (value === undefined) return false;
  counters.update(pair.index, value);
  return true;
}

/** Why a build that prevents downgrades does not take the secondary image; undefined if it does. */
export function downgradeOf(machine: Machine, pair: Pair): Refusal | undefined {
  const { session } = machine;
  if (session.build.downgradePrevention === 'version') {
    return isOlder(session, pair) ? downgradeRefusal(pair) : undefined;
  }
  // Without a counter in the primary image anything goes; without one in the secondary nothing.
  const running = securityCounter(imageOf(machine, pair, 0));
  if (running === undefined) return undefined;
  const offered = securityCounter(imageOf(machine, pair, 1));
  if (offered !== undefined && offered >= running) return undefined;
  const found = offered === undefined ? 'no security counter' : `security counter ${offered}`;
  const reason = `expected at least ${running} as in the primary slot, got ${found}`;
  return { image: pair.index, slot: 1, refusedBy: 'security-counter', reason };
}

/**
 * check_downgrade_prevention of the swaps: whether the secondary image is older, by version or by
 * security counter. If so it is erased.
 */
export function preventsDowngrade(machine: Machine, pair: Pair): boolean {
  const { session, refusals } = machine;
  const { algorithm, downgradePrevention } = session.build;
  if (!isSwap(algorithm) || downgradePrevention === undefined) return false;
  const refusal = downgradeOf(machine, pair);
  if (refusal === undefined) return false;
  refusals.push(refusal);
  session.info(`Image ${pair.index} in slot 1 erased due to downgrade prevention`);
  attempt(() => pair.secondary.area.eraseAll());
  return true;
}
