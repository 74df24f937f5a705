import { DfuError } from '../bytes/index.ts';
import type { DfuErrorCode } from '../bytes/index.ts';
import type { HostListener } from './events.ts';
import { outcomeOf } from './outcome.ts';

/** Why nothing is done with a device that is there and answers. */
const DECISIONS: ReadonlySet<DfuErrorCode> = new Set<DfuErrorCode>([
  'AMBIGUOUS',
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'OUT_OF_RANGE',
  'REFUSED',
  'UNSUPPORTED',
]);

const STAYS =
  'the device was asked into DFU mode for this, and is there still; a reset brings it back, and many leave by DFU_DETACH';

/**
 * Does what a device may be asked into DFU mode for. If it has gone there and nothing is done with it, because that was
 * refused, it is told that the device is there still. Throws what `work` throws.
 */
export async function tellingThatItStays<T>(
  onEvent: HostListener | undefined,
  work: (onEvent: HostListener) => Promise<T>,
): Promise<T> {
  let hasGone = false;
  const listener: HostListener = (event) => {
    if (event.type === 'returned') hasGone = true;
    onEvent?.(event);
  };
  try {
    return await work(listener);
  } catch (error) {
    const isDecided = DfuError.is(error) && DECISIONS.has(error.code);
    if (hasGone && isDecided && outcomeOf(error) === 'unchanged') {
      onEvent?.({ type: 'note', message: STAYS });
    }
    throw error;
  }
}
