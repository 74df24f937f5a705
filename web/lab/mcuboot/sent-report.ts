import { powerCutKinds } from 'dfukit/flash';
import type { PowerCutKind, SectorMap } from 'dfukit/flash';
import { cutOutcomes } from 'dfukit/lab';
import type { CutCase, CutFinding, CutOutcome, CutReport, OutcomeCounts } from 'dfukit/lab';

// A report as a message has it: of ten thousand cases most came to the same, which is told once.

/** A finding as a message has it: without the state of the device. */
export type SentFinding = Omit<CutFinding, 'spot'>;

/** What a cut came to, wherever it was. */
export type CutWay = Omit<CutCase, 'operation' | 'kind'>;

export interface SentReport extends Omit<CutReport, 'findings' | 'cases' | 'pairs'> {
  readonly findings: readonly SentFinding[];
  /** Cuts that were tried, those of two in a row aside. */
  readonly cases: number;
  /** All that a cut came to, each once. */
  readonly ways: readonly CutWay[];
  /** The number of its way for each operation that was cut so; `NO_WAY` for one that was not. */
  readonly wayOf: Readonly<Record<PowerCutKind, Uint32Array>>;
  /** The worst that two cuts in a row came to, by its place in `cutOutcomes`, for each operation; empty if none were tried. */
  readonly worstOfTwo: Uint8Array;
  /** The sectors of the flash: where each begins. */
  readonly sectorOffsets: readonly number[];
}

/** An operation, and how the power is cut at it. */
export type ChosenCut = Pick<CutCase, 'operation' | 'kind'>;

const NO_WAY = 0xffff_ffff;

/** Without what no message can carry. */
export function sentReport(
  { findings, cases, pairs, ...rest }: CutReport,
  sectors: SectorMap,
): SentReport {
  const ways: CutWay[] = [];
  const known = new Map<string, number>();
  const none = (): Uint32Array => new Uint32Array(rest.operations.length).fill(NO_WAY);
  const numbers = { clean: none(), torn: none(), 'torn-tail': none() };
  for (const { operation, kind, ...way } of cases) {
    const key = JSON.stringify(way);
    const number = known.get(key) ?? ways.push(way) - 1;
    known.set(key, number);
    numbers[kind][operation] = number;
  }
  return {
    ...rest,
    findings: findings.map(({ spot: _, ...finding }) => finding),
    cases: cases.length,
    ways,
    wayOf: numbers,
    worstOfTwo: Uint8Array.from(pairs, worstOf),
    sectorOffsets: [...sectors.in(0, sectors.sizeBytes)].map(({ offsetBytes }) => offsetBytes),
  };
}

function worstOf(counts: OutcomeCounts): number {
  return cutOutcomes.findLastIndex((outcome) => counts[outcome] > 0);
}

/** What a cut came to; undefined for one that was not tried. */
export function wayOf(report: SentReport, { operation, kind }: ChosenCut): CutWay | undefined {
  return report.ways[report.wayOf[kind][operation] ?? NO_WAY];
}

/** The worst that two cuts in a row came to, operation by operation; empty if that was not tried. */
export function worstOfTwo(report: SentReport): (CutOutcome | undefined)[] {
  return Array.from(report.worstOfTwo, (number) => cutOutcomes[number]);
}

/** The first cut that was tried. */
export function firstCut(report: SentReport): ChosenCut | undefined {
  const kind = powerCutKinds.find((each) => report.wayOf[each].some((way) => way !== NO_WAY));
  return kind && { kind, operation: report.wayOf[kind].findIndex((way) => way !== NO_WAY) };
}
