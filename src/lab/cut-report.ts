import type { AreaName, BootOperation } from '../boot/mcuboot/index.ts';
import { powerCutKinds } from '../flash/index.ts';
import type { PowerCutKind } from '../flash/index.ts';
import type { Run, Spot } from './boot-run.ts';
import { cutOutcomes } from './endings.ts';
import type { CutOutcome, Ending } from './endings.ts';

/** One operation of the boot that is cut. */
export interface CutOperation {
  readonly number: number;
  readonly kind: BootOperation['kind'];
  readonly area: AreaName;
  /** From the start of the area. */
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  /** Of the flash, from 0: the sector where it begins. */
  readonly sector: number;
}

/** One power cut and what came of it. */
export interface CutCase {
  /** The operation that the power was cut at. */
  readonly operation: number;
  readonly kind: PowerCutKind;
  readonly outcome: CutOutcome;
  /**
   * What the boots after it ran of the first image pair, each once: versions, with a hash where images of
   * one version differ, or how a boot ended that ran nothing.
   */
  readonly path: readonly string[];
  /** What every image pair runs at rest; empty if that is nothing. */
  readonly atRest: readonly string[];
  /** Boots until the device was at rest. */
  readonly boots: number;
}

/** Where one or two cuts led that should not have led there. */
export interface CutFinding {
  readonly outcome: CutOutcome;
  readonly path: readonly string[];
  readonly atRest: readonly string[];
  /** Boots until the device was at rest. */
  readonly boots: number;
  /** Cases that end in the very same way. */
  cases: number;
  /** The simplest of them: one cut, or two boots that were cut. */
  readonly cuts: readonly { readonly operation: number; readonly kind: PowerCutKind }[];
  /**
   * The device as the last cut left it.
   *
   * @internal
   */
  readonly spot: Spot;
}

/** How often each outcome came up. */
export type OutcomeCounts = Record<CutOutcome, number>;

/** The same by the kind of the cut, and of two in a row. */
export type CutCounts = Readonly<Record<PowerCutKind | 'pairs', OutcomeCounts>>;

/** What power cuts do to one boot. */
export interface CutReport {
  readonly operations: readonly CutOperation[];
  /** What happens without a cut. */
  readonly undisturbed: Pick<CutCase, 'outcome' | 'path' | 'atRest' | 'boots'>;
  readonly cases: readonly CutCase[];
  /** Two cuts in a row, by the operation of the first one; empty if they were not tried. */
  readonly pairs: readonly OutcomeCounts[];
  readonly counts: CutCounts;
  /** Boots after a first cut that do as another one did: their second cuts were tried with that one. */
  readonly alike: number;
  /** What is worse than without a cut, the simplest way there first. */
  readonly findings: readonly CutFinding[];
  /** Operations that were really done, all boots together. */
  readonly executedOperations: number;
  /** Images that were hashed. */
  readonly hashedImages: number;
}

export function noCounts(): OutcomeCounts {
  return Object.fromEntries(cutOutcomes.map((outcome) => [outcome, 0])) as OutcomeCounts;
}

export function addCounts(to: OutcomeCounts, more: OutcomeCounts): void {
  for (const outcome of cutOutcomes) to[outcome] += more[outcome];
}

/** How complicated a way to a loss is. */
export function weight(cuts: CutFinding['cuts']): number {
  const kinds = cuts.reduce((sum, { kind }) => sum + powerCutKinds.indexOf(kind), 0);
  return cuts.length * 1000 + kinds;
}

/** What is tried twice is counted as `pairs`. */
export function countAll(
  cases: readonly CutCase[],
  pairs: readonly OutcomeCounts[],
): Record<PowerCutKind | 'pairs', OutcomeCounts> {
  const counts = {
    clean: noCounts(),
    torn: noCounts(),
    'torn-tail': noCounts(),
    pairs: noCounts(),
  };
  for (const { kind, outcome } of cases) counts[kind][outcome] += 1;
  for (const each of pairs) addCounts(counts.pairs, each);
  return counts;
}

/** The outcomes of the cuts from each point of a run to its end, the boot that it became included. */
export function sumFrom(
  { points, tail }: Run,
  tally: readonly OutcomeCounts[],
  known: ReadonlyMap<Run, OutcomeCounts[]>,
): OutcomeCounts[] {
  const sums: OutcomeCounts[] = Array.from({ length: points.length + 1 }, noCounts);
  const after = tail === undefined ? undefined : known.get(tail.run)?.[tail.index];
  if (after !== undefined) addCounts(sums[points.length] ?? noCounts(), after);
  for (let at = points.length - 1; at >= 0; at -= 1) {
    const here = sums[at] ?? noCounts();
    addCounts(here, sums[at + 1] ?? noCounts());
    addCounts(here, tally[at] ?? noCounts());
  }
  return sums;
}

/** Where an ending goes, its images by their numbers. */
export function pathOf({ path, boots, rest }: Ending): Pick<CutCase, 'path' | 'boots' | 'atRest'> {
  return { path, boots, atRest: rest?.images?.map(({ number }) => String(number)) ?? [] };
}
