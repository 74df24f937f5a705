import { hexNumber } from '../bytes/index.ts';
import { powerCutKinds } from '../flash/index.ts';
import type { SectorMap } from '../flash/index.ts';
import type { CutOutcome } from './endings.ts';
import { cutOutcomes } from './endings.ts';
import type { CutCounts, CutOperation, CutReport, OutcomeCounts } from './cut-report.ts';

/** Colour of each outcome. */
export const outcomeColours: Readonly<Record<CutOutcome, string>> = {
  same: '#2e7d32',
  'same-image': '#9ccc65',
  'other-image': '#fdd835',
  stumbles: '#fb8c00',
  restless: '#8e24aa',
  dead: '#d32f2f',
  halts: '#212121',
};

/** Each outcome in words. */
export const outcomeWords: Readonly<Record<CutOutcome, string>> = {
  same: 'same flash as without a cut',
  'same-image': 'same image, other bytes in flash',
  'other-image': 'another image than without a cut',
  stumbles: 'one boot runs nothing, a later one recovers',
  restless: 'never at rest, every boot changes flash',
  dead: 'nothing runs any more',
  halts: 'the bootloader stops or hangs',
};

const MARGIN = 12;
const LABEL = 150;
const STRIP = 12;
const ROW = 14;
const LINE = 18;
const MOST_WIDTH = 1600;

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '"': '&quot;' };

function escaped(words: string): string {
  return words.replace(/[&<"]/g, (found) => escapes[found] ?? found);
}

/** A number as short as it may be. */
const short = (value: number): string => String(Math.round(value * 100) / 100);

/** An operation as a map shows it: areas of any name. */
export type DrawnOperation = Omit<CutOperation, 'area'> & { readonly area: string };

/** What a map of power cuts is drawn of. */
export interface DrawnCuts<O extends DrawnOperation = DrawnOperation> extends Pick<
  CutReport,
  'cases' | 'pairs'
> {
  readonly operations: readonly O[];
  readonly counts: CutCounts;
}

interface Frame {
  readonly report: DrawnCuts;
  /** Width of one operation. */
  readonly step: number;
  /** The sectors that are touched, in order of address. */
  readonly rows: readonly number[];
  readonly sectors: SectorMap;
}

function text(x: number, y: number, words: string): string {
  return `<text x="${short(x)}" y="${short(y)}">${escaped(words)}</text>\n`;
}

/** The worst outcome of the cases at each operation, by one name for all kinds of cut. */
function strips({ pairs, cases, operations }: DrawnCuts): [string, (CutOutcome | undefined)[]][] {
  const found: [string, (CutOutcome | undefined)[]][] = powerCutKinds.map((kind) => {
    const at: (CutOutcome | undefined)[] = operations.map(() => undefined);
    for (const each of cases) if (each.kind === kind) at[each.operation] = each.outcome;
    return [kind, at];
  });
  found.push(['two in a row', pairs.map(worstOf)]);
  return found.filter(([, outcomes]) => outcomes.some((outcome) => outcome !== undefined));
}

function worstOf(counts: OutcomeCounts): CutOutcome | undefined {
  return cutOutcomes.toReversed().find((outcome) => counts[outcome] > 0);
}

/** Equal neighbours become one rectangle. */
function stripText(
  { step }: Frame,
  [name, outcomes]: readonly [string, readonly (CutOutcome | undefined)[]],
  y: number,
): string {
  const parts = [text(MARGIN, y + STRIP - 2, name)];
  for (let from = 0; from < outcomes.length;) {
    const outcome = outcomes[from];
    let end = from + 1;
    while (end < outcomes.length && outcomes[end] === outcome) end += 1;
    if (outcome !== undefined) {
      const x = LABEL + from * step;
      const size = `x="${short(x)}" y="${y}" width="${short((end - from) * step)}" height="${STRIP - 2}"`;
      const data = `data-cut="${name}" data-from="${from}" data-to="${end - 1}"`;
      parts.push(`<rect class="${outcome}" ${size} ${data}/>\n`);
    }
    from = end;
  }
  return parts.join('');
}

/** One operation in its sector: an erase as high as the row, a write where its bytes lie. */
function operationText(
  { sectors, step, rows }: Frame,
  operation: DrawnOperation,
  { outcome, top, start }: { outcome: CutOutcome; top: number; start: number },
): string {
  const { number, kind, area, offsetBytes, lengthBytes, sector } = operation;
  const { sizeBytes, offsetBytes: from } = sectors.get(sector);
  const row = top + rows.indexOf(sector) * ROW;
  const inner = ROW - 2;
  const whole = kind === 'erase';
  const y = whole ? row : row + (inner * (start - from)) / sizeBytes;
  const height = whole
    ? inner
    : Math.max(1, (inner * Math.min(lengthBytes, sizeBytes)) / sizeBytes);
  const place = `x="${short(LABEL + number * step)}" y="${short(y)}"`;
  const size = `width="${short(Math.max(step, 0.5))}" height="${short(height)}"`;
  const words = `${number}: ${kind} ${area} ${hexNumber(offsetBytes)}, ${lengthBytes} bytes: ${outcome}`;
  const data = `data-operation="${number}" data-sector="${sector}"`;
  const faint = whole ? ' fill-opacity="0.45"' : '';
  return `<rect class="${outcome}"${faint} ${place} ${size} ${data}><title>${words}</title></rect>\n`;
}

function usedOutcomes({ counts }: DrawnCuts): CutOutcome[] {
  return cutOutcomes.filter((outcome) => Object.values(counts).some((each) => each[outcome] > 0));
}

function legendText({ report }: Frame, top: number): string {
  const { counts } = report;
  return usedOutcomes(report)
    .map((outcome, n) => {
      const y = top + n * LINE;
      const single = powerCutKinds.map((kind) => `${kind} ${counts[kind][outcome]}`).join(', ');
      const words = `${outcomeWords[outcome]}: ${single}, two in a row ${counts.pairs[outcome]}`;
      const box = `<rect class="${outcome}" x="${MARGIN}" y="${y}" width="12" height="12" data-legend="${outcome}"/>\n`;
      return box + text(MARGIN + 20, y + 10, words);
    })
    .join('');
}

/** The worst outcome at each operation, of one cut and of two. */
function worstByOperation(report: DrawnCuts): CutOutcome[] {
  const all = strips(report).map(([, outcomes]) => outcomes);
  return report.operations.map(
    (_, n) =>
      cutOutcomes.toReversed().find((outcome) => all.some((each) => each[n] === outcome)) ?? 'same',
  );
}

/**
 * Draws an exploration: operations from left to right, sectors of flash from top to bottom, each
 * operation in the colour of the worst that a cut there led to; above it one strip for each kind of
 * cut, below it what the colours mean, with the figures. The result is SVG 1.1.
 */
export function drawCutMap<O extends DrawnOperation>(
  report: DrawnCuts<O>,
  {
    sectors,
    title,
    startOf,
  }: {
    readonly sectors: SectorMap;
    readonly title: string;
    /** Where an operation begins, from the start of the flash. */
    readonly startOf: (operation: O) => number;
  },
): string {
  const rows = [...new Set(report.operations.map(({ sector }) => sector))].toSorted(
    (a, b) => a - b,
  );
  const count = Math.max(1, report.operations.length);
  const step = Math.min(8, Math.max(0.5, MOST_WIDTH / count));
  const frame: Frame = { report, step, rows, sectors };
  const lines = strips(report);
  const mapTop = MARGIN + LINE + lines.length * STRIP + MARGIN;
  const legendTop = mapTop + rows.length * ROW + MARGIN + LINE;
  const height = legendTop + usedOutcomes(report).length * LINE + MARGIN;
  const width = Math.max(LABEL + count * step + MARGIN, 900);
  const worst = worstByOperation(report);
  const styles = cutOutcomes.map((each) => `.${each}{fill:${outcomeColours[each]}}`).join('');
  const box = `width="${short(width)}" height="${height}" viewBox="0 0 ${short(width)} ${height}"`;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" version="1.1" ${box}>\n`,
    `<style>text{font:11px sans-serif}${styles}</style>\n`,
    `<rect width="100%" height="100%" fill="#ffffff"/>\n`,
    text(MARGIN, MARGIN + 8, title),
    ...lines.map((line, n) => stripText(frame, line, MARGIN + LINE + n * STRIP)),
  ];
  for (const [n, sector] of rows.entries()) {
    const { offsetBytes } = sectors.get(sector);
    const name = `sector ${sector}, ${hexNumber(offsetBytes)}`;
    parts.push(text(MARGIN, mapTop + n * ROW + 10, name));
  }
  for (const [n, operation] of report.operations.entries()) {
    const outcome = worst[n] ?? 'same';
    parts.push(
      operationText(frame, operation, { outcome, top: mapTop, start: startOf(operation) }),
    );
  }
  const axis = `operations 0 to ${count - 1} from left to right; pale: erase, full: write`;
  parts.push(text(LABEL, legendTop - LINE + 4, axis), legendText(frame, legendTop), '</svg>\n');
  return parts.join('');
}
