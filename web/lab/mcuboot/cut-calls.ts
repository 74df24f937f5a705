import type { PowerCutKind } from 'dfukit/flash';
import type { CutFinding, CutReport } from 'dfukit/lab';
import type { Scenario } from './scenario-choices.ts';
import type { Story } from './story.ts';

// What the worker that tries all power cuts can be asked.

/** What is to be explored: the boot that follows a story. */
export interface CutOrder {
  readonly scenario: Scenario;
  readonly story: Story;
  readonly kinds: readonly PowerCutKind[];
  readonly twice: boolean;
}

/** A finding as a message has it: without the state of the device. */
export type SentFinding = Omit<CutFinding, 'spot'>;

/** A report as a message has it. */
export interface SentReport extends Omit<CutReport, 'findings'> {
  readonly findings: readonly SentFinding[];
  /** The sectors of the flash: where each begins. */
  readonly sectorOffsets: readonly number[];
}

export interface CutCalls {
  readonly explore: (order: CutOrder) => Promise<SentReport>;
  /** The files that reproduce the finding with that number, as a zip. */
  readonly vectors: (finding: number) => Promise<Uint8Array<ArrayBuffer>>;
  readonly [name: string]: (question: never) => unknown;
}
