import type { BootReason, StandInText } from '../../../board/index.ts';
import type { ShapePath } from '../../../bytes/index.ts';
import type { PowerCutKind } from '../../../flash/index.ts';

/** What must stand in a line: these characters, or what a regular expression finds. */
export interface LinePattern {
  /** As it stands in the file. */
  readonly shown: string;
  readonly fits: (line: string) => boolean;
  readonly regExp: RegExp;
}

/** What a scenario orders of a board. Paths are meant from the file's folder. */
export interface BoardOrder {
  /** Name in the catalogue, or path of a board file. */
  readonly board?: string | undefined;
  readonly bootloader?: string | undefined;
  readonly mode?: string | undefined;
  readonly keys?: readonly string[] | undefined;
  /** What is in its slots before anything runs. */
  readonly images?: ReadonlyMap<number, string> | undefined;
  readonly standIns?: readonly StandInText[] | undefined;
  readonly serial?: string | undefined;
  readonly refuseOlder?: 'version' | 'security-counter' | undefined;
  readonly guarded?: boolean | undefined;
}

/** A board of a scenario. */
export interface ScenarioBoard extends BoardOrder {
  readonly board: string;
  /** What its steps call it; empty where it is the only one. */
  readonly name: string;
}

/** What a boot must be. */
export interface BootExpectation {
  /** One of these; empty: any. */
  readonly versions: readonly string[];
  readonly slot?: number | undefined;
  readonly why?: BootReason | undefined;
  readonly mode?: 'application' | 'dfu' | 'none' | undefined;
}

/** What a slot must hold. */
export interface SlotExpectation {
  readonly slot: number;
  readonly version?: string | undefined;
  /** From its start, in hex. */
  readonly sha256?: string | undefined;
  /** The slot begins with the bytes of this file. */
  readonly sameAs?: string | undefined;
  readonly erased?: boolean | undefined;
  readonly confirmed?: boolean | undefined;
}

export interface UsbExpectation {
  readonly state: 'attached' | 'configured' | 'detached';
  /** `1209:7d02`. */
  readonly id?: string | undefined;
}

/** What has come of the last `run`. */
export interface ExitExpectation {
  readonly code: number;
  readonly says?: LinePattern | undefined;
}

export interface Expectation {
  readonly boot?: BootExpectation | undefined;
  readonly console?: LinePattern | undefined;
  readonly flash?: readonly SlotExpectation[] | undefined;
  readonly usb?: UsbExpectation | undefined;
  readonly exit?: ExitExpectation | undefined;
}

/** What a step does. Paths are meant from the file's folder, times are milliseconds. */
export type Action =
  | { readonly kind: 'power'; readonly on: boolean }
  | {
      readonly kind: 'download';
      readonly file: string;
      readonly slot?: number | undefined;
      readonly alt?: string | number | undefined;
      /** It must be refused, with these words. */
      readonly fails?: LinePattern | undefined;
    }
  | {
      readonly kind: 'upload';
      readonly slot?: number | undefined;
      readonly alt?: string | number | undefined;
      readonly into?: string | undefined;
      readonly sameAs?: string | undefined;
      readonly fails?: LinePattern | undefined;
    }
  | { readonly kind: 'detach' }
  | {
      readonly kind: 'program';
      readonly file: string;
      readonly slot?: number | undefined;
      readonly address?: number | undefined;
    }
  | { readonly kind: 'reset'; readonly button: boolean }
  | { readonly kind: 'button'; readonly pressed: boolean; readonly button?: string | undefined }
  | { readonly kind: 'unplug' }
  | { readonly kind: 'replug' }
  | {
      readonly kind: 'power-cut';
      /** Left out: here and now. */
      readonly afterOperations?: number | undefined;
      readonly cut: PowerCutKind;
    }
  | { readonly kind: 'input'; readonly text: string }
  | { readonly kind: 'wait'; readonly ms: number }
  | {
      readonly kind: 'run';
      readonly command: string;
      readonly over: 'usbip' | 'kernel';
    }
  | { readonly kind: 'expect'; readonly expected: Expectation }
  | {
      readonly kind: 'for-each';
      readonly steps: readonly Step[];
      readonly check: readonly Step[];
      readonly cuts: readonly PowerCutKind[];
      readonly from?: number | undefined;
      readonly to?: number | undefined;
      readonly every?: number | undefined;
    };

/** One step of a scenario. */
export interface Step {
  readonly action: Action;
  /** As reports call it: the file's own words, or made of what it does. */
  readonly title: string;
  /** Where it stands in its file. */
  readonly at: ShapePath;
  /** Most time that it may take, in ms; undefined: as the scenario has it. */
  readonly timeOutMs?: number | undefined;
  /** Which board; undefined: the only one. */
  readonly on?: string | undefined;
}

/** One scenario, ready to be run: variables are put in. */
export interface Scenario {
  readonly name: string;
  /** As it was typed. */
  readonly file: string;
  /** Where its paths are meant from. */
  readonly folder: string;
  /** Where it stands in its file. */
  readonly at: ShapePath;
  readonly boards: readonly ScenarioBoard[];
  /** Most time that all of it may take, in ms of the machine's clock. */
  readonly timeOutMs: number;
  /** Most time for a step, in ms of the board's clock, and of the machine's for a command. */
  readonly stepTimeOutMs?: number | undefined;
  readonly steps: readonly Step[];
  /** The line at which something stands in its file, from 1; undefined where nothing tells. */
  readonly lineOf: (path: ShapePath) => number | undefined;
}
