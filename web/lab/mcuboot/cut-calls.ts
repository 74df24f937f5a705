import type { PowerCutKind } from 'dfukit/flash';
import type { Scenario } from './scenario-choices.ts';
import type { SentReport } from './sent-report.ts';
import type { Story } from './story.ts';

// What the worker that tries all power cuts can be asked.

/** What is to be explored: the boot that follows a story. */
export interface CutOrder {
  readonly scenario: Scenario;
  readonly story: Story;
  readonly kinds: readonly PowerCutKind[];
  readonly twice: boolean;
}

export interface CutCalls {
  readonly explore: (order: CutOrder) => Promise<SentReport>;
  /** The files that reproduce the finding with that number, as a zip. */
  readonly vectors: (finding: number) => Promise<Uint8Array<ArrayBuffer>>;
  readonly [name: string]: (question: never) => unknown;
}
