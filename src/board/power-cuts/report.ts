import type { PowerCutKind } from '../../flash/index.ts';
import type { CutCase, CutCounts, CutFinding, DrawnCuts, DrawnOperation } from '../../lab/index.ts';
import type { ApplicationImage } from './applications.ts';

/** One flash operation of the boot that is cut. */
export interface ChipCutOperation extends DrawnOperation {
  /** Where the processor sees it. */
  readonly address: number;
}

/** Where a cut led that should not have led there. */
export type ChipCutFinding = Omit<CutFinding, 'spot' | 'cases'> & { readonly cases: number };

/** What power cuts do to a boot of machine code. */
export interface ChipCutReport extends DrawnCuts<ChipCutOperation> {
  /** What happens without a cut. */
  readonly undisturbed: Pick<CutCase, 'outcome' | 'path' | 'atRest' | 'boots'>;
  readonly cases: readonly CutCase[];
  /** Two cuts in a row are not tried. */
  readonly pairs: readonly never[];
  readonly counts: CutCounts;
  readonly kinds: readonly PowerCutKind[];
  /** Whether a cut was tried at every operation. */
  readonly complete: boolean;
  /** What is worse than without a cut, the shortest way there first. */
  readonly findings: readonly ChipCutFinding[];
  /** What ran, or stood where an application may stand. */
  readonly images: readonly ApplicationImage[];
  /** What was executed, all boots together; a flash that was known by then is not booted again. */
  readonly executed: {
    readonly boots: number;
    readonly instructions: number;
    /** Of the chip's own time, in ms. */
    readonly timeMs: number;
  };
}
