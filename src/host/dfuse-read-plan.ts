import { DfuError } from '../bytes/index.ts';
import { DFUSE_FIRST_BLOCK, accessibleBytes } from '../dfu/index.ts';
import type { DfuSeElement } from '../dfu/index.ts';
import { checkRange } from './dfuse-checks.ts';
import { IDLE, blocks, ending, setAddress, walked } from './dfuse-plan.ts';
import type { DfuSeModifiers, DfuSeOperation, DfuSePlan, PlanTerms } from './dfuse-plan.ts';

/** What to do to read what these elements lie upon, in their order, until it `isOver`: then back to dfuIDLE. */
export function readPlan(
  elements: readonly DfuSeElement[],
  terms: PlanTerms,
  isOver: () => boolean,
): Pick<DfuSePlan, 'operations' | 'ending'> {
  const operations = walked(function* (): Generator<DfuSeOperation> {
    let reads = false;
    for (const { address, data } of elements) {
      for (const { start, wBlockNum } of blocks(data.length, terms)) {
        if (isOver()) return;
        if (wBlockNum === DFUSE_FIRST_BLOCK) {
          if (reads) yield IDLE;
          yield setAddress(address + start);
          yield IDLE;
        }
        reads = true;
        const lengthBytes = Math.min(terms.transferSizeBytes, data.length - start);
        yield { op: 'read', wBlockNum, address: address + start, lengthBytes };
      }
    }
  });
  return { operations, ending: [IDLE] };
}

/** dfu-util reads no more than that where neither address nor length is given. */
const BLIND_BYTES = 0x4000;

/**
 * What to do to read: from the address to the end of what can be read without a gap, or so many bytes.
 * Without an address the device's own pointer counts, and 16 KiB, or as much as is expected, if no length is
 * given. Ends, and throws, as `downloadPlan` does; `OUT_OF_RANGE` for more than `maxBytes`,
 * `INVALID_ARGUMENT` for what is only done in a download.
 */
export function uploadPlan(
  terms: PlanTerms,
  maxBytes: number,
  expectedBytes: number = 0,
): DfuSePlan & { readonly totalBytes: number } {
  const { modifiers, layout } = terms;
  const { address } = modifiers;
  demandReadOnly(modifiers);
  const totalBytes = lengthOf(terms, expectedBytes);
  if (totalBytes > maxBytes) {
    const message = `upload: expected at most ${maxBytes} bytes, the device has ${totalBytes} there`;
    throw new DfuError('OUT_OF_RANGE', message, { remedies: ['length', 'max-bytes'] });
  }
  const range = { address: address ?? 0, lengthBytes: totalBytes, access: 'readable' } as const;
  const notes = address === undefined ? [] : checkRange(range, terms);
  // Where the device began by itself is not known; most begin where their memory does.
  const start = address ?? layout?.regions[0]?.address ?? 0;
  return {
    operations: walked(function* () {
      for (const { start: at, wBlockNum } of blocks(totalBytes, terms)) {
        const moves = address !== undefined || at > 0;
        if (wBlockNum === DFUSE_FIRST_BLOCK && moves) {
          if (at > 0) yield IDLE;
          yield setAddress(start + at);
          yield IDLE;
        }
        const lengthBytes = Math.min(terms.transferSizeBytes, totalBytes - at);
        yield { op: 'read', wBlockNum, address: (address ?? 0) + at, lengthBytes };
      }
    }),
    // Behind what it gave the device takes no commands: it is brought back first.
    ending: modifiers.leave === true ? [IDLE, ...ending(modifiers)] : ending(modifiers),
    notes,
    totalBytes,
  };
}

/** Throws `INVALID_ARGUMENT` for what only a download does: it is not left out in silence. */
function demandReadOnly({ massErase, unprotect }: DfuSeModifiers): void {
  if (massErase !== true && unprotect !== true) return;
  const what = unprotect === true ? 'unprotect' : 'mass-erase';
  throw new DfuError(
    'INVALID_ARGUMENT',
    `upload: ${what} is for downloads: it erases what is read`,
  );
}

function lengthOf(terms: PlanTerms, expectedBytes: number): number {
  const { modifiers, layout } = terms;
  const { address, lengthBytes } = modifiers;
  if (lengthBytes !== undefined) return lengthBytes;
  if (address === undefined) return Math.max(BLIND_BYTES, expectedBytes);
  const known = layout === undefined ? 0 : accessibleBytes(layout, address, 'readable');
  if (known > 0) return known;
  // One byte is enough to say that it is not to be read, and no guess at how many are wanted.
  if (layout !== undefined) checkRange({ address, lengthBytes: 1, access: 'readable' }, terms);
  const message = 'the device does not tell how much is there: say how many bytes';
  throw new DfuError('INVALID_ARGUMENT', message, { remedies: ['length'] });
}
