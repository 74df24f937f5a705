import type { PowerCutKind } from 'dfukit/flash';
import type { FlashMap, LogLine, OperationWords } from 'dfukit/lab';
import type { FlashOutline } from '../../boards/flash-outline.ts';
import type { Scenario } from './scenario-choices.ts';
import type { Story } from './story.ts';

// What the worker that boots devices can be asked.

/** A part of flash with a name, as the picture shows it. */
export interface SceneArea {
  readonly name: string;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  /** Bytes of its trailer, at its end. */
  readonly trailerBytes: number;
}

/** An image that pieces are of. */
export interface SceneImage {
  readonly name: string;
  readonly pieces: number;
}

/** A device, as the page draws it. */
export interface Scene {
  readonly geometry: FlashOutline;
  readonly areas: readonly SceneArea[];
  readonly pieceBytes: number;
  readonly images: readonly SceneImage[];
  /** Boards that MCUboot can be on. */
  readonly boards: readonly string[];
}

export interface SceneOperation {
  readonly type: 'erase' | 'program';
  readonly area: string;
  /** From the start of the flash. */
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  /** What pieces are afterwards that it touches: number of the piece in the flash and its code, in turn. */
  readonly pieces: readonly number[];
}

/** One step of a story, as it went. */
export interface PlayedStep {
  readonly do: 'boot' | 'confirm';
  /** What each piece of the flash is before it. */
  readonly before: readonly number[];
  /** Those that were done, without the one that the power was cut at. */
  readonly operations: readonly SceneOperation[];
  /** The pieces that a cut has left otherwise, and where it fell; undefined: the power stayed. */
  readonly cut:
    | { readonly operation: number; readonly kind: PowerCutKind; readonly torn: SceneOperation }
    | undefined;
  readonly log: readonly LogLine[];
  /** How it ended, in a few words. */
  readonly end: string;
  /** Whether an image runs, or the confirmation was written. */
  readonly good: boolean;
}

/** A moment of a story: so many operations of that step are done. */
export interface Moment {
  readonly step: number;
  readonly done: number;
}

/** All that is said of a moment. */
export interface MomentWords {
  /** The operation that was done last, and the next one. */
  readonly last: OperationWords | undefined;
  readonly next: OperationWords | undefined;
  readonly trailers: readonly {
    readonly area: string;
    readonly fields: readonly (readonly [string, string])[];
  }[];
}

export interface SwapCalls {
  readonly open: (scenario: Scenario) => Promise<Scene>;
  readonly play: (story: Story) => Promise<readonly PlayedStep[]>;
  readonly tell: (moment: Moment) => Promise<MomentWords>;
  readonly explain: (moment: Moment) => Promise<FlashMap>;
  readonly [name: string]: (question: never) => unknown;
}
