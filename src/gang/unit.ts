import type { DfuError } from '../bytes/index.ts';
import type { DownloadEnding, HostEvent, SendOutcome } from '../host/index.ts';
import type { InjectedValue } from './inject/supply.ts';

/** One board of a gang, as it was found. Plain data. */
export interface GangUnit {
  /** What it is called in events: its serial number if no other has it, else its path. */
  readonly unit: string;
  /** Its ids as it was found, `1209:7d02`. */
  readonly id: string;
  /** Its serial number as it was found; null: it has none. */
  readonly serial: string | null;
  readonly path: string;
  /** Which of several buses. */
  readonly station?: string | undefined;
  readonly mode: 'runtime' | 'dfu';
}

/** What became of a unit. */
export interface UnitResult extends GangUnit {
  /** `skipped`: it has the file already, and nothing was done. */
  readonly outcome: SendOutcome | 'skipped';
  /** How often it was tried. */
  readonly attempts: number;
  readonly ms: number;
  /** What it was given. */
  readonly values: readonly InjectedValue[];
  readonly ending?: DownloadEnding | undefined;
  /** Why it failed, or why what was given to it could not be written down. */
  readonly error?: DfuError | undefined;
}

/** What a listener is told. Events of the host are told with the unit that they are about. */
export type GangEvent =
  | (HostEvent & { readonly unit: string })
  /** A board that is meant was found. */
  | ({ readonly type: 'unit' } & GangUnit)
  /** It is its turn. */
  | {
      readonly type: 'attempt';
      readonly unit: string;
      readonly attempt: number;
      readonly values: readonly InjectedValue[];
    }
  /** It failed, and is tried again. */
  | {
      readonly type: 'retry';
      readonly unit: string;
      readonly attempt: number;
      readonly code: string;
      readonly message: string;
    }
  /** Nothing more is done to it. */
  | {
      readonly type: 'ended';
      readonly unit: string;
      readonly outcome: UnitResult['outcome'];
      readonly attempts: number;
      readonly ms: number;
      readonly code?: string | undefined;
      readonly message?: string | undefined;
    }
  /** A device that is left alone, and why. */
  | { readonly type: 'left-alone'; readonly path: string; readonly message: string }
  /** Something that was to be done and is not, and is about no unit. */
  | { readonly type: 'problem'; readonly code: string; readonly message: string };

/** What became of all of them. */
export interface GangReport {
  readonly results: readonly UnitResult[];
  /** What was meant and not found, and what could not be looked into. */
  readonly problems: readonly DfuError[];
  readonly ms: number;
}
