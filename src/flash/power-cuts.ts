import { DfuError } from '../bytes/index.ts';
import type { MemoryFlash } from './memory-flash.ts';
import type { FlashOperation } from './nor-flash.ts';
import { powerCutKinds } from './power-cut.ts';
import type { PowerCutKind } from './power-cut.ts';

/** What one power cut left behind. */
export interface PowerCutState {
  /** The operation that the cut met; nothing after the last one, where all is done. */
  readonly operation: FlashOperation | undefined;
  readonly kind: PowerCutKind;
  /** The flash as the next boot finds it: independent, powered again. */
  readonly flash: MemoryFlash;
}

/** Does the operation on a fork and cuts the power in it. */
function cutAt(flash: MemoryFlash, operation: FlashOperation, kind: PowerCutKind): MemoryFlash {
  const fork = flash.fork();
  if (kind === 'clean') return fork;
  fork.cutPowerAt(operation.number, kind);
  try {
    if (operation.bytes === undefined) fork.erase(operation.offsetBytes, operation.lengthBytes);
    else fork.program(operation.offsetBytes, operation.bytes);
  } catch (error) {
    if (!DfuError.is(error, 'POWER_LOST')) throw error;
  }
  fork.restorePower();
  return fork;
}

/**
 * Runs `work` once and shows what a power cut at each of its flash operations would have left:
 * `visit` is called for every operation and every kind of cut, and once for the end without a cut.
 * Nothing is run again from the start, so the cost grows with the number of operations only.
 * `work` must use `flash`, which is changed as if nothing had happened.
 */
export function forEachPowerCut(
  flash: MemoryFlash,
  work: () => void,
  visit: (cut: PowerCutState) => void,
): void {
  flash.watch = (operation) => {
    for (const kind of powerCutKinds)
      visit({ operation, kind, flash: cutAt(flash, operation, kind) });
  };
  try {
    work();
  } finally {
    flash.watch = undefined;
  }
  visit({ operation: undefined, kind: 'clean', flash: flash.fork() });
}
