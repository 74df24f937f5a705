import type { FlashMap } from 'dfukit/lab';
import type { FlashOutline } from '../../boards/flash-outline.ts';
import type { WatchedDump } from '../mcuboot/scenario-choices.ts';

// What the worker that explains dumps can be asked.

/** Dumps to look at, made in the page. */
export const EXAMPLES = {
  pending: 'an update waits, to be tried once',
  trial: 'an update on trial, not confirmed',
  cut: 'a swap in the middle of which the power went',
  damaged: 'an update of which one bit is wrong',
  riotboot: 'riotboot, two slots',
  stm32: 'an STM32, no bootloader but its own',
} as const;

export type ExampleName = keyof typeof EXAMPLES;

export const exampleNames = Object.keys(EXAMPLES) as readonly ExampleName[];

/** Whose a dump is. */
export interface DumpOwner {
  /** A board of the catalogue; empty: whatever fits. */
  readonly board: string;
  /** `mcuboot:swap-using-offset`; empty: the board's first. */
  readonly bootloader: string;
}

export interface DumpOrder extends DumpOwner {
  /** One dump, or the two slots of a device; or an example. */
  readonly files: readonly Uint8Array<ArrayBuffer>[];
  readonly example: ExampleName | '';
  /** Public keys, PEM. */
  readonly keys: readonly string[];
}

/** A slot in words. */
interface SlotWords {
  readonly name: string;
  readonly facts: readonly (readonly [string, string])[];
}

/** What becomes of a slot's image. */
interface FateWords {
  readonly name: string;
  readonly version: string | undefined;
  readonly fate: string;
  readonly reason: string;
}

export interface BootWords {
  readonly title: string;
  readonly steps: readonly { readonly words: string; readonly log: readonly string[] }[];
}

/** A dump explained. */
export interface DumpAnswer {
  /** Whose it was taken for, and why. */
  readonly source: string;
  readonly evidence: readonly string[];
  readonly doubts: readonly string[];
  readonly geometry: FlashOutline;
  readonly map: FlashMap;
  readonly slots: readonly SlotWords[];
  readonly fates: readonly FateWords[];
  readonly boots: readonly BootWords[];
  /** What its boots can be watched with; undefined: it is of no known board with MCUboot. */
  readonly watch: Omit<WatchedDump, 'id' | 'name'> | undefined;
}

/** A board, and the bootloaders that it can be had with. */
export interface BoardChoice {
  readonly name: string;
  readonly bootloaders: readonly string[];
}

export interface DumpCalls {
  readonly boards: (nothing: undefined) => readonly BoardChoice[];
  readonly explain: (order: DumpOrder) => Promise<DumpAnswer>;
  readonly [name: string]: (question: never) => unknown;
}
