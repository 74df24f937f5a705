import type { SendTally } from '../bytes/index.ts';
import type { DfuSeOperation } from './dfuse-plan.ts';

const NOTHING: SendTally = {
  elements: 0,
  bytes: 0,
  blocks: 0,
  commands: 0,
  erases: 0,
  erasedBytes: 0,
};

/** Of an image without addresses, or of the beginning of one. */
export function plainTally(bytes: number, blocks: number, isWhole: boolean): SendTally {
  return { ...NOTHING, elements: isWhole ? 1 : 0, bytes, blocks };
}

/** Of operations of a DfuSe device. */
export function tallyOf(operations: readonly DfuSeOperation[]): SendTally {
  let { elements, bytes, blocks, commands, erases, erasedBytes } = NOTHING;
  for (const each of operations) {
    if (each.op === 'write') {
      blocks += 1;
      bytes += each.data.length;
      if (each.endsElement) elements += 1;
    } else if (each.op === 'command') {
      commands += 1;
      if (each.command.command.endsWith('erase')) erases += 1;
      erasedBytes += each.erasesBytes ?? 0;
    }
  }
  return { elements, bytes, blocks, commands, erases, erasedBytes };
}

/** Of several together. */
export function sumOf(tallies: readonly SendTally[]): SendTally {
  return tallies.reduce(
    (sum, each) => ({
      elements: sum.elements + each.elements,
      bytes: sum.bytes + each.bytes,
      blocks: sum.blocks + each.blocks,
      commands: sum.commands + each.commands,
      erases: sum.erases + each.erases,
      erasedBytes: sum.erasedBytes + each.erasedBytes,
    }),
    NOTHING,
  );
}
