import type { DfuError, SendTally } from '../bytes/index.ts';
import type { DfuSeElement } from '../dfu/index.ts';
import type { DfuInterface } from './dfu-interface.ts';
import type { DfuSeOperation, PlanTerms } from './dfuse-plan.ts';

/** What is done to one alternate setting of a DfuSe device. */
export interface SendingPart {
  readonly entry: DfuInterface;
  readonly transferSizeBytes: number;
  /** In order; made while they are walked, as often as somebody wants to. */
  readonly operations: Iterable<DfuSeOperation>;
  /** Bytes of data in them; undefined for commands alone. */
  readonly totalBytes: number | undefined;
}

/** A part, and what it is made of: what is read back of it may change it. */
export interface PlacedPart extends SendingPart {
  readonly elements: readonly DfuSeElement[];
  readonly terms: PlanTerms;
  /** Its operations up to the ending, and those. */
  readonly work: Iterable<DfuSeOperation>;
  readonly ending: readonly DfuSeOperation[];
}

/** A plan for a device that is known: every byte and every command, or why nothing is sent at all. */
export type Sending =
  | {
      readonly dialect: 'dfu';
      readonly payload: Uint8Array;
      readonly transferSizeBytes: number;
      readonly planned: SendTally;
      /** What was gone past because it is allowed or forced, and what is not known of the device. */
      readonly notes: readonly string[];
      /** What was held against `expected` and found right, in words. */
      readonly confirmed?: readonly string[] | undefined;
    }
  | {
      readonly dialect: 'dfuse';
      readonly parts: readonly SendingPart[];
      readonly planned: SendTally;
      readonly notes: readonly string[];
      readonly confirmed?: readonly string[] | undefined;
    }
  | { readonly dialect: undefined; readonly refused: DfuError };

/** A plan that can be sent. */
export type Decided =
  | Extract<Sending, { readonly dialect: 'dfu' }>
  | (Omit<Extract<Sending, { readonly dialect: 'dfuse' }>, 'parts'> & {
      readonly parts: readonly PlacedPart[];
    });

/** What is known of the device besides the interface that was opened. */
export interface SendingDevice {
  /** All its alternates; default: the one that was opened. */
  readonly alternates?: readonly DfuInterface[] | undefined;
  /** What it was in run-time mode: a suffix may name its ids there. */
  readonly was?: DfuInterface | undefined;
}
