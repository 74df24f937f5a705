import type { SendPlan } from '../host/index.ts';
import type { FileCheck } from '../manifest/index.ts';
import type { FlowErase, FlowFile, FlowOffer } from './flow-state.ts';

/** A file as it was chosen, and what a person has said about it. */
export interface Choice {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Undefined for a file of the person's own. */
  readonly offer: FlowOffer | undefined;
  /** How it was held to its manifest. */
  readonly check: FileCheck | undefined;
  /** Number or name of an alternate setting; undefined: nobody has said. */
  readonly alternate: number | string | undefined;
  readonly erase: FlowErase;
  /** Absolute address, for DfuSe and a file that says none. */
  readonly address: number | undefined;
}

/** What is known of it, and how it is sent. */
export interface Looked {
  readonly choice: Choice;
  readonly file: FlowFile;
  /** Undefined for a file that is not sent. */
  readonly plan: SendPlan | undefined;
}
