import { powerCutKinds } from '../../flash/index.ts';
import { cutOutcomes, outcomeWords } from '../../lab/index.ts';
import type { DrawnCuts } from '../../lab/index.ts';

/** How often each outcome came up, by the kind of the cut. */
export function tableText({ counts, pairs, cases }: DrawnCuts): string {
  const kinds = powerCutKinds.filter((kind) => cases.some((each) => each.kind === kind));
  const columns = [...kinds, ...(pairs.length > 0 ? (['pairs'] as const) : [])];
  const names = columns.map((name) => (name === 'pairs' ? 'two in a row' : name));
  const width = Math.max(...cutOutcomes.map((outcome) => outcomeWords[outcome].length));
  const line = (first: string, cells: readonly string[]): string =>
    `  ${first.padEnd(width)}  ${cells.map((cell) => cell.padStart(12)).join('  ')}\n`;
  const used = cutOutcomes.filter((outcome) => columns.some((name) => counts[name][outcome] > 0));
  const rows = used.map((outcome) =>
    line(
      outcomeWords[outcome],
      columns.map((name) => String(counts[name][outcome])),
    ),
  );
  return line('outcome', names) + rows.join('');
}
