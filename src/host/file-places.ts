import { DfuError, hexNumber } from '../bytes/index.ts';
import { isSegmentFormat } from '../image/index.ts';
import type { Contents } from './file-pieces.ts';

/** A file that says where it belongs is not put elsewhere. Throws `INVALID_ARGUMENT`. */
export function demandSameAddress(
  { format, targets }: Contents,
  address: number | undefined,
): void {
  const own = targets[0]?.elements[0]?.address;
  if (!isSegmentFormat(format) || own === undefined || address === undefined) return;
  if (own === address) return;
  const where = `the file says itself that it belongs at ${hexNumber(own, 8)}`;
  throw new DfuError('INVALID_ARGUMENT', `${where}, the address given is ${hexNumber(address, 8)}`);
}

/**
 * One byte has one value: what stands at the same address twice, and differs, is a fault of the file. Throws `MALFORMED`
 * with the address.
 */
export function demandNoConflict(
  elements: readonly { readonly address: number; readonly data: Uint8Array }[],
): void {
  const sorted = elements.toSorted((one, other) => one.address - other.address);
  let last: (typeof sorted)[number] | undefined;
  for (const each of sorted) {
    const lastEnd = last === undefined ? 0 : last.address + last.data.length;
    const end = Math.min(lastEnd, each.address + each.data.length);
    for (let at = each.address; at < end; at += 1) {
      if (last?.data[at - last.address] === each.data[at - each.address]) continue;
      const where = hexNumber(at, 8);
      throw new DfuError('MALFORMED', `the file has two values for the byte at ${where}`);
    }
    if (each.address + each.data.length > lastEnd) last = each;
  }
}
