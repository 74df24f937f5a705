import { DfuError, hexNumber } from '../bytes/index.ts';
import { regionBytes } from '../dfu/index.ts';
import type { DfuSeElement, MemoryLayout } from '../dfu/index.ts';
import { recognise } from '../image/index.ts';
import { isAllowed } from './allowances.ts';
import type { Allowing } from './allowances.ts';
import { likelyAddress } from './likely-address.ts';

/** What is sent where, and all the memory that is known of the device. */
interface Sent {
  readonly elements: readonly DfuSeElement[];
  readonly layouts: readonly MemoryLayout[];
}

const isWithin = ({ address, data }: DfuSeElement, at: number): boolean =>
  at >= address && at < address + data.length;

function isInMemory(layouts: readonly MemoryLayout[], at: number): boolean {
  return layouts.some(({ regions }) =>
    regions.some((each) => at >= each.address && at < each.address + regionBytes(each)),
  );
}

/** What is known of a piece: that it cannot run from there, or that it is odd. */
interface Finding {
  readonly words: string;
  readonly isWrong: boolean;
}

function findingOf(element: DfuSeElement, { elements, layouts }: Sent): Finding | undefined {
  const { address, data } = element;
  const what = recognise(data);
  if (what.format === 'riotboot') {
    const { startAddress } = what.header;
    if (what.fault !== undefined || isWithin(element, startAddress)) return undefined;
    const runs = `by its riotboot header the image starts at ${hexNumber(startAddress, 8)}`;
    const words = `${runs}, and it is sent to ${hexNumber(address, 8)}: another slot's image`;
    return { words, isWrong: true };
  }
  if (what.format !== 'binary' || what.vectors === undefined) return undefined;
  const handler = what.vectors.resetHandler - 1;
  if (elements.some((each) => isWithin(each, handler))) return undefined;
  const runs = `by its vector table the program at ${hexNumber(address, 8)} starts at ${hexNumber(handler, 8)}`;
  if (isInMemory(layouts, handler)) {
    const likely = layouts.map((layout) => likelyAddress(data, layout)).find((each) => each !== '');
    const words = `${runs}, which is not in what is sent${likely ?? ''}`;
    return { words, isWrong: false };
  }
  // Many chips show the memory that they start from at address 0, too.
  if (handler < data.length) {
    return { words: `${runs}, as if it stood at address 0`, isWrong: false };
  }
  const words = `${runs}, which is neither in what is sent nor in any memory of the device`;
  return { words, isWrong: layouts.length > 0 };
}

/**
 * Whether what is sent can run from where it is sent to, as far as it says that itself: a Cortex-M program by its vector
 * table, an image of riotboot by its header. What is odd, in words. Throws `REFUSED` for what belongs elsewhere, unless
 * `other-place` is allowed.
 */
export function demandRunsThere(sent: Sent, allowing: Allowing): string[] {
  const notes: string[] = [];
  for (const element of sent.elements) {
    const found = findingOf(element, sent);
    if (found === undefined) continue;
    const { words, isWrong } = found;
    if (isWrong && !isAllowed(allowing, 'other-place')) {
      throw new DfuError('REFUSED', words, { remedies: ['other-place'] });
    }
    notes.push(isWrong ? `${words}; sent all the same` : words);
  }
  return notes;
}
