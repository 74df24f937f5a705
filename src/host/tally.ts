import type { SendTally } from '../bytes/index.ts';
import type { DfuSeOperation } from './dfuse-plan.ts';

export const NOTHING: SendTally = {
  elements: 0,
  bytes: 0,
  blocks: 0,
  commands: 0,
  erases: 0,
  erasedBytes: 0,
};

/** Of an image without addresses, or of the beginning of one. */
export function plainTally(bytes: number, blocks: number, isAll: boolean): SendTally {
  return { ...NOTHING, elements: isAll ? 1 : 0, bytes, blocks };
}

/** One operation more. */
export function counted(tally: SendTally, each: DfuSeOperation): SendTally {
  if (each.op === 'write') {
    return {
      ...tally,
      elements: tally.elements + (each.endsElement ? 1 : 0),
      bytes: tally.bytes + each.data.length,
      blocks: tally.blocks + 1,
    };
  }
  if (each.op !== 'command') return tally;
  return {
    ...tally,
    commands: tally.commands + 1,
    erases: tally.erases + (each.command.command.endsWith('erase') ? 1 : 0),
    erasedBytes: tally.erasedBytes + (each.erasesBytes ?? 0),
  };
}

/** Of operations of a DfuSe device. */
export function tallyOf(operations: Iterable<DfuSeOperation>): SendTally {
  let tally = NOTHING;
  for (const each of operations) tally = counted(tally, each);
  return tally;
}

const PARTS = ['elements', 'bytes', 'blocks', 'commands', 'erases', 'erasedBytes'] as const;

/** Of several together. */
export function sumOf(tallies: readonly SendTally[]): SendTally {
  const sum: { -readonly [Part in keyof SendTally]: number } = { ...NOTHING };
  for (const tally of tallies) for (const part of PARTS) sum[part] += tally[part];
  return sum;
}

/** Whether all that was planned has been acknowledged, in every respect. */
export function isWhole(planned: SendTally, acknowledged: SendTally): boolean {
  return PARTS.every((part) => acknowledged[part] >= planned[part]);
}

/** How far it has come, in words: `3 of 12 erases, 512 of 4096 bytes`. */
export function inWords(planned: SendTally, acknowledged: SendTally): string {
  const parts = [
    planned.erases > 0 ? `${acknowledged.erases} of ${planned.erases} erases` : [],
    planned.bytes > 0 ? `${acknowledged.bytes} of ${planned.bytes} bytes` : [],
  ].flat();
  if (parts.length > 0) return parts.join(', ');
  // Of what comes in pieces nobody knows how much it is.
  if (planned.commands === 0) return `${acknowledged.bytes} bytes`;
  return `${acknowledged.commands} of ${planned.commands} commands`;
}
